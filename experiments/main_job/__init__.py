"""The main job: a sound file through front-end, network and RTL, to a folder with report, tables, plots and a page."""
