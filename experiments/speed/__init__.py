"""Speeds beside peers."""
