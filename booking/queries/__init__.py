"""Reads: every SELECT; they return rows or small frozen facts."""
