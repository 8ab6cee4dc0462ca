"""Salesforce: Leads and Contacts, their company, opportunities and activities, read and scored."""
