"""Dated facts shipped with the product: country groups and thresholds."""
