"""What each technique is worth, one at a time and cumulatively."""
