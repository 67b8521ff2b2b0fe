"""Fields of assistants, telephone numbers and queries. Source and date as in fields.py."""

from sandbox.store import TIME_FILTERS
from sandbox.vapi.fields import (
    ANYS,
    FLAG,
    FREE,
    FUNCTION_TOOL,
    MODEL,
    NUMBER,
    PUT_THROUGH,
    SERVER,
    TEXT,
    TEXTS,
    TRANSCRIBER,
    VOICE,
)
from sandbox.vapi.validation import Choice, Either, Items, Number, Rule, Shape, Text
from sandbox.vapi.values import CLIENT_MESSAGES, SERVER_MESSAGES

RUBRICS = ("NumericScale", "DescriptiveScale", "Checklist", "Matrix", "PercentageScale", "LikertScale", "AutomaticRubric", "PassFail")
FIRST_MESSAGE_MODES = (
    "assistant-speaks-first",
    "assistant-speaks-first-with-model-generated-message",
    "assistant-waits-for-user",
)

# SummaryPlan, StructuredDataPlan, SuccessEvaluationPlan, AnalysisPlan
PLAN: dict[str, Rule] = {"messages": ANYS, "enabled": FLAG, "timeoutSeconds": Number(1, 60)}
ANALYSIS = Shape(
    {
        "minMessagesThreshold": Number(0),
        "summaryPlan": Shape(PLAN),
        "structuredDataPlan": Shape({**PLAN, "schema": FREE}),
        "structuredDataMultiPlan": ANYS,
        "successEvaluationPlan": Shape({**PLAN, "rubric": Text(values=RUBRICS)}),
        "outcomeIds": TEXTS,
    }
)
# ArtifactPlan, TranscriptPlan
ARTIFACT = Shape(
    {
        **dict.fromkeys(("recordingEnabled", "videoRecordingEnabled", "pcapEnabled", "loggingEnabled", "fullMessageHistoryEnabled"), FLAG),
        **dict.fromkeys(("recordingUseCustomStorageEnabled", "pcapUseCustomStorageEnabled", "loggingUseCustomStorageEnabled"), FLAG),
        **dict.fromkeys(("pcapS3PathPrefix", "recordingPath", "loggingPath"), TEXT),
        **dict.fromkeys(("structuredOutputIds", "scorecardIds"), TEXTS),
        **dict.fromkeys(("structuredOutputs", "scorecards"), ANYS),
        "recordingFormat": Text(values=("wav;l16", "mp3")),
        "transcriptPlan": Shape({"enabled": FLAG, "assistantName": TEXT, "userName": TEXT}),
    }
)
# MonitorPlan, CompliancePlan, VapiVoicemailDetectionPlan
MONITOR = Shape(
    {
        **dict.fromkeys(("listenEnabled", "listenAuthenticationEnabled", "controlEnabled", "controlAuthenticationEnabled"), FLAG),
        "monitorIds": TEXTS,
    }
)
COMPLIANCE = Shape({"hipaaEnabled": FLAG, "pciEnabled": FLAG, "securityFilterPlan": FREE, "recordingConsentPlan": FREE})
VOICEMAIL_PLAN = Shape({"beepMaxAwaitSeconds": Number(0, 30), "provider": TEXT, "backoffPlan": FREE, "type": TEXT}, required=("provider",))
VOICEMAIL = Either(Text(values=("off",)), Choice("provider", {**dict.fromkeys(("google", "openai", "twilio")), "vapi": VOICEMAIL_PLAN}))
# CallHookCallEnding, CallHookAssistantSpeechInterrupted, CallHookCustomerSpeechInterrupted,
# CallHookCustomerSpeechTimeout, SessionCreatedHook
HOOK = Choice(
    "on",
    {
        "call.ending": Shape({"on": TEXT, "do": ANYS, "filters": ANYS}, required=("do",)),
        "assistant.speech.interrupted": Shape({"on": TEXT, "do": ANYS}, required=("do",)),
        "customer.speech.interrupted": Shape({"on": TEXT, "do": ANYS}, required=("do",)),
        "customer.speech.timeout": Shape(
            {
                "on": TEXT,
                "do": ANYS,
                "name": TEXT,
                "options": Shape({"timeoutSeconds": NUMBER, "triggerMaxCount": NUMBER, "triggerResetMode": TEXT}),
            },
            required=("do",),
        ),
        "session.created": None,
    },
)
# CreateAssistantDTO, UpdateAssistantDTO
ASSISTANT = Shape(
    {
        "name": Text(longest=40),
        "firstMessage": TEXT,
        "firstMessageInterruptionsEnabled": FLAG,
        "firstMessageMode": Text(values=FIRST_MESSAGE_MODES),
        "model": MODEL,
        "voice": VOICE,
        "transcriber": TRANSCRIBER,
        "server": SERVER,
        "serverMessages": Items(Text(values=SERVER_MESSAGES)),
        "clientMessages": Items(Text(values=CLIENT_MESSAGES)),
        "maxDurationSeconds": Number(10, 43200),
        "backgroundSound": TEXT,
        "voicemailDetection": VOICEMAIL,
        "voicemailMessage": Text(longest=1000),
        "endCallMessage": Text(longest=1000),
        "endCallPhrases": Items(Text(longest=140, shortest=2)),
        "analysisPlan": ANALYSIS,
        "artifactPlan": ARTIFACT,
        "monitorPlan": MONITOR,
        "compliancePlan": COMPLIANCE,
        "hooks": Items(HOOK),
        "metadata": FREE,
        "modelOutputInMessagesEnabled": FLAG,
        "credentialIds": TEXTS,
        **dict.fromkeys(("transportConfigurations", "credentials"), ANYS),
        **dict.fromkeys(
            ("observabilityPlan", "backgroundSpeechDenoisingPlan", "startSpeakingPlan", "stopSpeakingPlan", "keypadInputPlan"), FREE
        ),
    }
)
# AssistantOverrides: the same, and variables
OVERRIDES = Shape({**ASSISTANT.fields, "variableValues": FREE, "tools:append": ANYS})

# CreateVapiPhoneNumberDTO, UpdateVapiPhoneNumberDTO
NUMBER_UPDATE = Shape(
    {
        "provider": Text(values=("vapi",)),
        "name": Text(longest=40),
        "fallbackDestination": PUT_THROUGH,
        "hooks": ANYS,
        "server": SERVER,
        "authentication": FREE,
        **dict.fromkeys(("assistantId", "workflowId", "squadId", "sipUri"), TEXT),
    }
)
NUMBER_CREATE = Shape({**NUMBER_UPDATE.fields, "numberDesiredAreaCode": Text(longest=3, shortest=3)}, required=("provider",))

# CreateFunctionToolDTO, UpdateFunctionToolDTO
TOOL_CREATE = FUNCTION_TOOL
TOOL_UPDATE = Shape(FUNCTION_TOOL.fields)

# The answer to an assistant-request (ServerMessageResponseAssistantRequest), in the order Vapi looks
ANSWER = Shape({"error": TEXT, "destination": PUT_THROUGH, "assistantId": TEXT, "assistant": ASSISTANT, "assistantOverrides": OVERRIDES})

# Query parameters of GET /assistant, /tool, /phone-number and /call
LIST_QUERY = ("limit", *TIME_FILTERS)
CALL_QUERY = (*LIST_QUERY, "id", "assistantId", "phoneNumberId")
