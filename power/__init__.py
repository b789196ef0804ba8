"""28-nm tables, energy, leakage and area of a run, from the activity that co-simulation counts."""
