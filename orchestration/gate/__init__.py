"""Judging and accepting what was handed in; waivers, sign-offs and factor libraries."""
