"""The space of designs around the shipped one: what each costs, and which of them no other beats."""
