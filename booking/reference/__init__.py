"""Dated facts shipped with the product."""
