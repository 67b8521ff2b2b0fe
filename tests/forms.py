"""A filled-in agent form for tests; keyword arguments override any field."""

from typing import Any

from kametrix.services.agent_form import AgentForm, Faq


def agent_form(**fields: Any) -> AgentForm:
    given = {
        "name": "Mia",
        "business_name": "Brightside Dental",
        "description": "A family dental practice in Portland.",
        "services": ("Check-up", "Cleaning"),
        "hours": "Monday to Friday, 8 am to 5 pm",
        "voice_id": "Savannah",
        "greeting": "Hello, this is Mia from Brightside Dental. How can I help you?",
        "end_call_message": "Thank you for calling. Goodbye!",
        "faqs": (Faq("Do you take walk-ins?", "Yes, before 10 am."),),
        "policies": "Cancel at least a day ahead.",
        "language": "en",
        "timezone": "America/Los_Angeles",
        **fields,
    }
    return AgentForm(**given)
