"""What the built-in receptionist says of its own accord. Facts about a business come from the prompt only."""

ENGLISH = {
    "goodbye": "You're welcome. Goodbye!",
    "more": " Is there anything else I can help you with?",
    "hours": "Our hours are: {0}.",
    "services": "We offer {0}.",
    "about": "{0}.",
    "unknown": "I'm afraid I don't have that information. I can take a message and someone will get back to you. "
    "May I have your name and your number, please?",
    "message": "I'll gladly take a message for {0}. May I have your name and your number, please?",
    "need_number": "Thank you. And what is your number, so that someone can reach you?",
    "noted": "Thank you, I've noted that down. Someone will get back to you. Is there anything else?",
    "noted_too": "Thank you, I'll add that to the message. Is there anything else?",
    "unknown_too": "I'm afraid I don't have that information, but I'll add your question to the message. Is there anything else?",
    "no_calendar": "I can't see the calendar from here, but I'll pass your wish on and someone will call you to agree on a time. "
    "May I have your name and your number, please?",
    "times": "{0} Which time works for you, and may I have your name?",
    "booked": "{0} Is there anything else?",
    "failed": "I'm sorry, that did not work: {0} I can take a message instead. May I have your name and your number, please?",
    "robot": "I'm the AI assistant of {0}. I answer questions and pass messages on to the team.",
    "wrong": "This is {0}. I'm afraid we don't do that; it seems you have reached a different number than you wanted.",
    "here": "Hello! How can I help you?",
    "still": "Are you still there?",
    "us": "this business",
    "transfer": "One moment, I'll put you through.",
}
GERMAN = {
    "goodbye": "Sehr gerne. Auf Wiederhören!",
    "more": " Kann ich sonst noch etwas für Sie tun?",
    "hours": "Unsere Öffnungszeiten: {0}.",
    "services": "Wir bieten {0}.",
    "about": "{0}.",
    "unknown": "Das kann ich Ihnen leider nicht sagen. Ich nehme gern eine Nachricht auf, und jemand meldet sich bei Ihnen. "
    "Wie ist Ihr Name, und wie lautet Ihre Nummer?",
    "message": "Ich nehme gern eine Nachricht für {0} auf. Wie ist Ihr Name, und wie lautet Ihre Nummer?",
    "need_number": "Danke. Und wie lautet Ihre Nummer, damit man Sie erreichen kann?",
    "noted": "Danke, das habe ich notiert. Jemand meldet sich bei Ihnen. Kann ich sonst noch etwas für Sie tun?",
    "noted_too": "Danke, das ergänze ich in der Nachricht. Kann ich sonst noch etwas für Sie tun?",
    "unknown_too": "Das kann ich Ihnen leider nicht sagen, aber ich ergänze Ihre Frage in der Nachricht. "
    "Kann ich sonst noch etwas für Sie tun?",
    "no_calendar": "Den Kalender kann ich von hier nicht einsehen, aber ich gebe Ihren Wunsch weiter, und jemand ruft Sie zurück. "
    "Wie ist Ihr Name, und wie lautet Ihre Nummer?",
    "times": "{0} Welche Zeit passt Ihnen, und wie ist Ihr Name?",
    "booked": "{0} Kann ich sonst noch etwas für Sie tun?",
    "failed": "Das hat leider nicht geklappt: {0} Ich nehme gern eine Nachricht auf. Wie ist Ihr Name, und wie lautet Ihre Nummer?",
    "robot": "Ich bin der KI-Assistent von {0}. Ich beantworte Fragen und gebe Nachrichten weiter.",
    "wrong": "Hier ist {0}. Das bieten wir leider nicht an; vermutlich haben Sie sich verwählt.",
    "here": "Guten Tag! Wie kann ich Ihnen helfen?",
    "still": "Sind Sie noch da?",
    "us": "dieser Betrieb",
    "transfer": "Einen Moment, ich verbinde Sie.",
}

# What callers say, as whole words without punctuation
FAREWELLS = (
    *("bye", "goodbye", "good bye", "thats all", "that is all", "thats all i needed", "have a nice day", "have a lovely day"),
    *("tschüss", "auf wiederhören", "auf wiedersehen", "das war alles", "das wars", "schönen tag noch"),
)
WANTS_PERSON = (
    "speak to someone",
    "speak to a human",
    "real person",
    "human being",
    "transfer me",
    "put me through",
    "einem menschen",
    "verbinden sie",
)
ASKS_ROBOT = ("robot", "a machine", "an ai", "real person", "a human", "computer", "echter mensch", "roboter", "eine maschine", "eine ki")
WANTS_MESSAGE = (
    *("leave a message", "take a message", "call me back", "callback", "call back", "someone call me", "somebody call me"),
    *("nachricht hinterlassen", "zurückrufen", "rückruf", "zurückgerufen"),
)
WANTS_VISIT = (
    "appointment",
    "appointments",
    "book",
    "booking",
    "schedule",
    "reschedule",
    "come in",
    "termin",
    "termine",
    "vereinbaren",
    "buchen",
)
ASKS_HOURS = ("open", "hours", "opening", "close", "closed", "geöffnet", "öffnungszeiten", "offen", "auf haben", "haben sie auf")
ASKS_SERVICES = ("services", "service", "offer", "what do you do", "provide", "leistungen", "bieten sie", "angebot")
GREETS = ("hi", "hello", "hey", "good morning", "good afternoon", "hallo", "guten tag", "guten morgen")
