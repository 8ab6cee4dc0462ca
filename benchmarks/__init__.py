"""Speed and memory of leadscore, measured against others and against its own goals."""
