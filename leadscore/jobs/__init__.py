"""The work that leadscore does with a store and a CRM: read, score, plan, write, explain."""
