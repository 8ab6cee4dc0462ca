"""How the columns of a CRM's own export are headed: the names and labels under which each property may stand.

HubSpot heads its columns with property labels, or with internal names when these are chosen in the export dialog. The
same choice decides whether the options of select properties come as labels (`Computer Software`) or as internal values
(`COMPUTER_SOFTWARE`); that is not undone here: export internal values, or let rules name both [not verified].

The labels below are those of HubSpot's default properties in English; portals translate and rename them
[that every portal's export uses exactly these: not verified]. Salesforce reports are headed with labels, Data Loader
and weekly exports with API names, which are the ones accepted here.
"""

from collections.abc import Mapping

RECORD_ID: Mapping[str, tuple[str, ...]] = {
    "hubspot": ("id", "Record ID", "hs_object_id", "Record ID - Contact", "Contact ID"),
    "salesforce": ("Id", "Lead ID", "Contact ID"),
}
"""Columns that hold the record's id, best first. "Record ID - Contact" [not verified]."""

CREATED: Mapping[str, tuple[str, ...]] = {
    "hubspot": ("created", "createdate", "Create Date"),
    "salesforce": ("created", "CreatedDate", "Create Date", "Created Date"),
}
"""Columns that hold when the record was created."""

HUBSPOT_LABELS: Mapping[str, tuple[str, ...]] = {
    "email": ("Email",),
    "firstname": ("First Name",),
    "lastname": ("Last Name",),
    "phone": ("Phone Number",),
    "jobtitle": ("Job Title",),
    "seniority": ("Seniority",),
    "company": ("Company Name",),
    "website": ("Website URL",),
    "city": ("City",),
    "state": ("State/Region",),
    "country": ("Country/Region", "Country"),
    "industry": ("Industry",),
    "numemployees": ("Number of Employees",),
    "numberofemployees": ("Number of Employees",),
    "annualrevenue": ("Annual Revenue",),
    "createdate": ("Create Date",),
    "lastmodifieddate": ("Last Modified Date",),
    "hs_object_id": ("Record ID",),
    "hubspot_owner_id": ("Contact owner",),
    "lifecyclestage": ("Lifecycle Stage",),
    "hs_lead_status": ("Lead Status",),
    "hs_analytics_source": ("Original Source", "Original Traffic Source"),
    "hs_latest_source": ("Latest Source", "Latest Traffic Source"),
    "hs_analytics_num_page_views": ("Number of Pageviews",),
    "hs_analytics_num_visits": ("Number of Sessions",),
    "hs_analytics_first_url": ("First Page Seen",),
    "hs_analytics_last_url": ("Last Page Seen",),
    "hs_analytics_first_referrer": ("First Referring Site",),
    "hs_analytics_last_timestamp": ("Time Last Seen",),
    "hs_email_delivered": ("Marketing emails delivered",),
    "hs_email_open": ("Marketing emails opened",),
    "hs_email_click": ("Marketing emails clicked",),
    "hs_email_bounce": ("Marketing emails bounced",),
    "hs_email_replied": ("Marketing emails replied",),
    "hs_email_last_open_date": ("Last marketing email open date",),
    "hs_email_last_click_date": ("Last marketing email click date",),
    "hs_email_optout": ("Unsubscribed from all email", "Opted out of all email"),
    "hs_email_bad_address": ("Invalid email address",),
    "hs_sales_email_last_replied": ("Recent Sales Email Replied Date",),
    "num_conversion_events": ("Number of Form Submissions",),
    "num_unique_conversion_events": ("Number of Unique Forms Submitted",),
    "recent_conversion_date": ("Recent Conversion Date",),
    "recent_conversion_event_name": ("Recent Conversion",),
    "hubspotscore": ("HubSpot Score",),
    "num_associated_deals": ("Number of Associated Deals",),
}
"""Labels of HubSpot's default contact and company properties by internal name, as its property API gives them; the
second of several, the names of first page, first referrer, last click and associated deals, and the fields of an
address from the product's screens [not verified]."""


def column_names(crm: str, place: str) -> tuple[str, ...]:
    """The headings under which a place of a model's field may stand in this CRM's export, best first.

    A property of the company is expected as `company.PROPERTY`; the headings that name the label with the company
    beside it are guesses [not verified]. A count of deals is expected under its own name (`deals.won`).
    """
    if crm != "hubspot":
        return (place,)
    if place.startswith("company."):
        labels = HUBSPOT_LABELS.get(place.removeprefix("company."), ())
        return (place, *(form.format(label) for label in labels for form in ("Company: {}", "{} (Company)")))
    if place == "deals.total":
        return (place, "num_associated_deals", *HUBSPOT_LABELS["num_associated_deals"])
    return (place, *HUBSPOT_LABELS.get(place, ()))
