"""The fields that every HubSpot account has, with their real types, in the smallest useful selection.

Names, types and read-only marks: both public property dumps (contacts of 2023, contacts, companies and deals of 2025).
Traps kept on purpose: a contact's `numemployees` is a select of overlapping ranges and its `industry` and
`annualrevenue` are free text, while the company has `numberofemployees` and `annualrevenue` as numbers and `industry`
as a select with upper-case values. There is no field type "datetime": such properties have the field type `date`.
"""

from __future__ import annotations

from leadscore.sandbox import task_fields
from leadscore.sandbox.catalogue import COMPANY, CONTACT, DEAL, TASK, Field

STAGES = (
    "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist",
    "other",
)  # fmt: skip
SOURCES = (
    "ORGANIC_SEARCH", "PAID_SEARCH", "EMAIL_MARKETING", "SOCIAL_MEDIA", "REFERRALS", "OTHER_CAMPAIGNS",
    "DIRECT_TRAFFIC", "OFFLINE", "PAID_SOCIAL",
)  # fmt: skip
SIZES = ("1-5", "5-25", "25-50", "50-100", "100-500", "500-1000", "1000+")
LEAD_STATUS = (
    "NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "ATTEMPTED_TO_CONTACT", "CONNECTED", "BAD_TIMING",
)  # fmt: skip
INDUSTRIES = (
    "ACCOUNTING", "AIRLINES_AVIATION", "APPAREL_FASHION", "ARCHITECTURE_PLANNING", "AUTOMOTIVE", "BANKING",
    "BIOTECHNOLOGY", "CHEMICALS", "CIVIL_ENGINEERING", "COMPUTER_HARDWARE", "COMPUTER_NETWORK_SECURITY",
    "COMPUTER_SOFTWARE", "CONSTRUCTION", "CONSUMER_ELECTRONICS", "CONSUMER_GOODS", "EDUCATION_MANAGEMENT", "FARMING",
    "FINANCIAL_SERVICES", "FOOD_BEVERAGES", "GOVERNMENT_ADMINISTRATION", "HEALTH_WELLNESS_AND_FITNESS",
    "HIGHER_EDUCATION", "HOSPITAL_HEALTH_CARE", "HOSPITALITY", "HUMAN_RESOURCES", "INDUSTRIAL_AUTOMATION",
    "INFORMATION_TECHNOLOGY_AND_SERVICES", "INSURANCE", "INTERNET", "LAW_PRACTICE", "LEGAL_SERVICES",
    "LOGISTICS_AND_SUPPLY_CHAIN", "MACHINERY", "MANAGEMENT_CONSULTING", "MARKETING_AND_ADVERTISING",
    "MECHANICAL_OR_INDUSTRIAL_ENGINEERING", "MEDICAL_DEVICES", "NON_PROFIT_ORGANIZATION_MANAGEMENT", "OIL_ENERGY",
    "PHARMACEUTICALS", "PROFESSIONAL_TRAINING_COACHING", "PUBLIC_RELATIONS_AND_COMMUNICATIONS", "PUBLISHING",
    "REAL_ESTATE", "RESTAURANTS", "RETAIL", "STAFFING_AND_RECRUITING", "TELECOMMUNICATIONS",
    "TRANSPORTATION_TRUCKING_RAILROAD", "UTILITIES", "WHOLESALE",
)  # fmt: skip


def _fields(group: str, *lines: str, read_only: bool = False, calculated: bool = False) -> list[Field]:
    """Each line is `name | label | type`, where the type may carry a field type: `string/textarea`."""
    made = []
    usual = {"string": "text", "number": "number", "datetime": "date", "date": "date", "bool": "booleancheckbox"}
    for line in lines:
        name, label, kind = (part.strip() for part in line.split("|"))
        type_, _, field_type = kind.partition("/")
        options = ("true", "false") if type_ == "bool" else ()
        made.append(
            Field(name, label, type_, field_type or usual[type_], group, read_only, calculated, options=options)
        )
    return made


def _select(
    group: str, name: str, label: str, options: tuple[str, ...], field_type: str = "select", **more: bool
) -> Field:
    return Field(name, label, "enumeration", field_type, group, options=options, **more)


_COMMON_READ_ONLY = (
    "hs_object_id | Record ID | number",
    "hs_object_source | Record creation source | string",
    "hs_object_source_label | Record source | string",
)

CONTACT_FIELDS: tuple[Field, ...] = (
    *_fields(
        "contactinformation",
        "email | Email | string",
        "firstname | First Name | string",
        "lastname | Last Name | string",
        "phone | Phone Number | string/phonenumber",
        "mobilephone | Mobile Phone Number | string/phonenumber",
        "jobtitle | Job Title | string",
        "company | Company Name | string",
        "website | Website URL | string",
        "annualrevenue | Annual Revenue | string",
        "industry | Industry | string",
        "country | Country/Region | string",
        "hs_country_region_code | Country/Region Code | string",
        "city | City | string",
        "state | State/Region | string",
        "zip | Postal Code | string",
        "message | Message | string/textarea",
        "closedate | Close Date | datetime",
        "associatedcompanyid | Primary Associated Company ID | number",
    ),
    *_fields(
        "contactinformation",
        *_COMMON_READ_ONLY,
        "createdate | Create Date | datetime",
        "lastmodifieddate | Last Modified Date | datetime",
        "hs_merged_object_ids | Merged Contact IDs | string",
        "hs_calculated_merged_vids | Merged vids with timestamps of a contact | string",
        "hs_all_contact_vids | All vids for a contact | string",
        *(f"hs_v2_date_entered_{stage} | Date entered {stage} | datetime" for stage in STAGES),
        read_only=True,
    ),
    _select(
        "contactinformation",
        "hs_additional_emails",
        "Additional email addresses",
        (),
        calculated=True,
        hidden=True,
        read_only=True,
    ),
    _select("contactinformation", "numemployees", "Number of Employees", SIZES),
    _select("contactinformation", "lifecyclestage", "Lifecycle Stage", STAGES, "radio"),
    _select("sales_properties", "hs_lead_status", "Lead Status", LEAD_STATUS, "radio"),
    _select("sales_properties", "hubspot_owner_id", "Contact owner", ()),
    Field("hubspotscore", "HubSpot Score", "number", "calculation_score", "sales_properties", read_only=True),
    _select("analyticsinformation", "hs_analytics_source", "Original Source", SOURCES),
    _select("analyticsinformation", "hs_latest_source", "Latest Source", SOURCES),
    *_fields(
        "analyticsinformation",
        "hs_analytics_num_page_views | Number of Pageviews | number",
        "hs_analytics_num_visits | Number of Sessions | number",
        "hs_analytics_num_event_completions | Number of event completions | number",
        "hs_analytics_average_page_views | Average Pageviews | number",
        "hs_analytics_first_url | First Page Seen | string",
        "hs_analytics_last_url | Last Page Seen | string",
        "hs_analytics_first_referrer | First Referring Site | string",
        "hs_analytics_last_referrer | Last Referring Site | string",
        "hs_analytics_first_timestamp | Time First Seen | datetime",
        "hs_analytics_last_timestamp | Time Last Seen | datetime",
        "hs_analytics_first_visit_timestamp | Time of First Session | datetime",
        "hs_analytics_last_visit_timestamp | Time of Last Session | datetime",
        read_only=True,
    ),
    *_fields(
        "emailinformation",
        "hs_email_delivered | Marketing emails delivered | number",
        "hs_email_open | Marketing emails opened | number",
        "hs_email_click | Marketing emails clicked | number",
        "hs_email_bounce | Marketing emails bounced | number",
        "hs_email_replied | Marketing emails replied | number",
        "hs_email_last_open_date | Last marketing email open date | datetime",
        "hs_email_last_click_date | Last marketing email click date | datetime",
        "hs_email_last_send_date | Last marketing email send date | datetime",
        "hs_email_last_email_name | Last marketing email name | string",
        "hs_email_first_open_date | First marketing email open date | datetime",
        "hs_email_first_click_date | First marketing email click date | datetime",
        "hs_email_sends_since_last_engagement | Sends since last engagement | number",
        "hs_email_optout | Unsubscribed from all email | bool",
        "hs_email_bad_address | Invalid email address | bool",
        "hs_email_quarantined | Email address quarantined | bool",
        read_only=True,
    ),
    *_fields(
        "contact_activity",
        "hs_sales_email_last_opened | Recent Sales Email Opened Date | datetime",
        "hs_sales_email_last_clicked | Recent Sales Email Clicked Date | datetime",
        "hs_sales_email_last_replied | Recent Sales Email Replied Date | datetime",
        "engagements_last_meeting_booked | Date of last meeting booked in meetings tool | datetime",
        "hs_latest_meeting_activity | Latest meeting activity | datetime",
        "notes_last_contacted | Last contacted | datetime",
        "notes_last_updated | Last activity date | datetime",
        "num_notes | Number of sales activities | number",
        "hs_last_sales_activity_timestamp | Last engagement date | datetime",
        read_only=True,
    ),
    *_fields(
        "conversioninformation",
        "num_conversion_events | Number of Form Submissions | number",
        "num_unique_conversion_events | Number of Unique Forms Submitted | number",
        "recent_conversion_date | Recent Conversion Date | datetime",
        "recent_conversion_event_name | Recent Conversion | string",
        "first_conversion_date | First Conversion Date | datetime",
        "first_conversion_event_name | First Conversion | string",
        read_only=True,
        calculated=True,
    ),
    *_fields(
        "deal_information",
        "num_associated_deals | Number of Associated Deals | number",
        "first_deal_created_date | First Deal Created Date | datetime",
        "recent_deal_amount | Recent Deal Amount | number",
        "recent_deal_close_date | Recent Deal Close Date | datetime",
        "total_revenue | Total Revenue | number",
        read_only=True,
        calculated=True,
    ),
)

COMPANY_FIELDS: tuple[Field, ...] = (
    *_fields(
        "companyinformation",
        "name | Company name | string",
        "domain | Company Domain Name | string",
        "website | Website URL | string",
        "phone | Phone Number | string/phonenumber",
        "description | Description | string/textarea",
        "city | City | string",
        "state | State/Region | string",
        "zip | Postal Code | string",
        "country | Country/Region | string",
        "hs_country_code | Country code | string",
        "numberofemployees | Number of Employees | number",
        "annualrevenue | Annual Revenue | number",
        "hs_annual_revenue_currency_code | Annual revenue currency code | string",
        "hs_additional_domains | Additional Domains | string",
        "hs_employee_range | Employee range | string",
        "hs_revenue_range | Revenue range | string",
        "hs_industry_group | Industry group | string",
    ),
    _select("companyinformation", "industry", "Industry", INDUSTRIES),
    _select("companyinformation", "lifecyclestage", "Lifecycle Stage", STAGES, "radio"),
    _select("companyinformation", "hubspot_owner_id", "Company owner", ()),
    *_fields(
        "companyinformation",
        *_COMMON_READ_ONLY,
        "createdate | Create Date | datetime",
        "hs_lastmodifieddate | Last Modified Date | datetime",
        "hs_merged_object_ids | Merged object IDs | string",
        "num_associated_contacts | Number of Associated Contacts | number",
        "num_associated_deals | Number of Associated Deals | number",
        "hs_num_open_deals | Number of open deals | number",
        "recent_deal_amount | Recent Deal Amount | number",
        "total_revenue | Total Revenue | number",
        read_only=True,
    ),
)

DEAL_FIELDS: tuple[Field, ...] = (
    *_fields(
        "dealinformation",
        "dealname | Deal Name | string",
        "amount | Amount | number",
        "deal_currency_code | Currency | string",
        "closedate | Close Date | datetime",
        "createdate | Create Date | datetime",
        "description | Deal Description | string/textarea",
    ),
    _select("dealinformation", "dealstage", "Deal Stage", (), "radio"),
    _select("dealinformation", "pipeline", "Pipeline", ()),
    _select("dealinformation", "dealtype", "Deal Type", ("newbusiness", "existingbusiness"), "radio"),
    _select("dealinformation", "hubspot_owner_id", "Deal owner", ()),
    *_fields(
        "dealinformation",
        *_COMMON_READ_ONLY,
        "hs_createdate | Object create date | datetime",
        "hs_lastmodifieddate | Last Modified Date | datetime",
        "hs_merged_object_ids | Merged object IDs | string",
        "amount_in_home_currency | Amount in company currency | number",
        "hs_is_closed | Is Deal Closed? | bool",
        "hs_is_closed_won | Is Closed Won | bool",
        "hs_is_closed_lost | Is closed lost | bool",
        "hs_closed_won_date | Closed Won Date | datetime",
        "hs_deal_stage_probability | Deal probability | number",
        "hs_v2_date_entered_current_stage | Date entered current stage | datetime",
        "num_associated_contacts | Number of Associated Contacts | number",
        read_only=True,
        calculated=True,
    ),
)

FIELDS: dict[str, tuple[Field, ...]] = {
    CONTACT: CONTACT_FIELDS, COMPANY: COMPANY_FIELDS, DEAL: DEAL_FIELDS, TASK: task_fields.TASK_FIELDS,
}  # fmt: skip

CUSTOM_CONTACT_FIELDS: tuple[Field, ...] = (
    Field("contract_renewal_date", "Contract renewal date", "date", "date", "contactinformation", hubspot=False),
    Field(
        "product_interest", "Product interest", "enumeration", "checkbox", "contactinformation",
        options=("Planning", "Resourcing", "Billing", "Time tracking", "Reporting"), hubspot=False,
    ),
    Field("is_competitor", "Is a competitor", "bool", "booleancheckbox", "contactinformation", options=("true", "false"), hubspot=False),  # noqa: E501 - one field a line reads best
    Field("is_partner", "Is a partner", "bool", "booleancheckbox", "contactinformation", options=("true", "false"), hubspot=False),  # noqa: E501 - the same
    Field("customer_number", "Customer number", "string", "text", "contactinformation", unique=True, hubspot=False),
)  # fmt: skip

GROUPS: dict[str, tuple[tuple[str, str], ...]] = {
    CONTACT: (
        ("contactinformation", "Contact information"), ("sales_properties", "Sales properties"),
        ("analyticsinformation", "Web analytics history"), ("emailinformation", "Email information"),
        ("contact_activity", "Contact activity"), ("conversioninformation", "Conversion information"),
        ("deal_information", "Deal information"),
    ),
    COMPANY: (("companyinformation", "Company information"),),
    DEAL: (("dealinformation", "Deal information"),),
    TASK: ((task_fields.GROUP, "Task information"),),
}  # fmt: skip
