"""A local Salesforce over HTTP, written from Salesforce's public documents; imports nothing of leadscore's rooms."""
