"""The report page: one HTML file that needs neither a network nor the code to be read."""
