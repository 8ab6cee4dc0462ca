"""What a human wrote, checked: settings, models and tables."""
