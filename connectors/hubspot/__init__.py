"""HubSpot: reads contacts, companies, deals, forms and page views, writes scores, installs our fields."""
