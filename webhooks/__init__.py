"""The door through which CRMs call us: verifies, recognises, stores, answers; never works."""
