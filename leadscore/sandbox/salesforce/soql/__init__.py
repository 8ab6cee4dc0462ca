"""Salesforce's query language, as far as the local Salesforce speaks it."""
