"""The end-of-call report in three generations, and the ended Call object. Same facts, different places."""

from datetime import timedelta

from sandbox.clock import iso
from sandbox.store import Json
from sandbox.vapi.costs import breakdown, costs, total
from sandbox.vapi.line import Line
from sandbox.vapi.messages import common, openai_messages, spoken_artifact, transcript
from sandbox.vapi.recording import Recordings
from sandbox.vapi.summary import summarize
from sandbox.vapi.words import looks_german

FAULTS = ("error-vapifault", "error-providerfault", "worker-shutdown")
PRESIGNED_SECONDS = 1800


def report(line: Line, recordings: Recordings) -> Json:
    """The message of the chosen generation."""
    facts = call_facts(line, recordings)
    message = {**common(line, "end-of-call-report"), "endedReason": line.ended_reason, **moments(line)}
    message |= {"cost": facts["cost"], "costs": facts["costs"]}
    if line.choices.generation == "c_legacy":
        return _legacy(line, message, facts)
    message |= {"analysis": facts["analysis"], "artifact": _artifact(line, recordings)}
    return _classic(line, message, facts) if line.choices.generation == "b_classic" else message


def ended_call(line: Line, recordings: Recordings) -> Json:
    """What GET /call answers after the end: the report's facts under the call, with the top-level copies."""
    facts = call_facts(line, recordings)
    call = {**line.vapi_call(), "endedReason": line.ended_reason, **moments(line), **facts, "artifact": _artifact(line, recordings)}
    return call | {"messages": line.messages, "transcript": transcript(line)}


def moments(line: Line) -> Json:
    """startedAt and endedAt; nothing for a call that was never answered."""
    return {"startedAt": iso(line.started_at), "endedAt": iso(line.ended_at)} if line.started_at and line.ended_at else {}


def seconds(line: Line) -> float:
    """Answered seconds."""
    return (line.ended_at - line.started_at).total_seconds() if line.started_at and line.ended_at else 0.0


def call_facts(line: Line, recordings: Recordings) -> Json:
    """Cost, breakdown, analysis, summary and recording addresses. Vapi's own faults cost nothing and have no analysis."""
    is_fault = any(part in line.ended_reason for part in FAULTS)
    parts = [] if is_fault else costs(seconds(line), line.messages, line.assistant)
    facts: Json = {"cost": total(parts), "costs": parts, "costBreakdown": breakdown(parts), "analysis": {}}
    if (summary := _summary(line)) and not is_fault:
        facts |= {"analysis": {"summary": summary, "successEvaluation": "true" if line.user_spoke else "false"}, "summary": summary}
    if _records(line):
        facts |= recordings.addresses(line.id)
    return facts


def _summary(line: Line) -> str:
    """Missing when disabled, when too few messages were spoken, or when the call was never answered."""
    plan = (line.assistant or {}).get("analysisPlan") or {}
    spoken = [message for message in line.messages if message["role"] in ("bot", "user")]
    if not (plan.get("summaryPlan") or {}).get("enabled", True) or len(spoken) < plan.get("minMessagesThreshold", 2):
        return ""
    heard = " ".join(str(message["message"]) for message in spoken if message["role"] == "user")
    return summarize(line.messages, line.ended_reason, german=looks_german(heard))


def _records(line: Line) -> bool:
    plan = (line.assistant or {}).get("artifactPlan") or {}
    return seconds(line) > 0 and plan.get("recordingEnabled", True)


def _artifact(line: Line, recordings: Recordings) -> Json:
    artifact = {**spoken_artifact(line), "transcript": transcript(line)}
    if _records(line):
        artifact |= {**recordings.addresses(line.id), "recording": recordings.nested(line.id)}
        if line.choices.generation == "a_2026":
            artifact["presignedMonoUrl"] = recordings.signed_url(line.id)
            artifact["presignedUrlsExpiresAt"] = iso(recordings.now() + timedelta(seconds=PRESIGNED_SECONDS))
    if line.assistant:
        artifact["assistantActivations"] = [{"assistantId": line.assistant.get("id", ""), "assistantName": line.assistant.get("name", "")}]
        artifact["variableValues"] = {"customer": {"number": line.choices.caller}}
    return artifact


def _classic(line: Line, message: Json, facts: Json) -> Json:
    """2024-26: the same again at the top level, with undocumented durations."""
    message |= _durations(line) | {"transcript": transcript(line), "messages": line.messages, "costBreakdown": facts["costBreakdown"]}
    return message | {name: facts[name] for name in ("summary", "recordingUrl", "stereoRecordingUrl") if name in facts}


def _legacy(line: Line, message: Json, facts: Json) -> Json:
    """2024: everything at the top level, no artifact or analysis, labels assistant and user, ended reason `hangup`."""
    message |= _durations(line)
    message |= {
        "transcript": transcript(line, agent="assistant", caller="user"),
        "messages": line.messages,
        "messagesOpenAIFormatted": openai_messages(line.messages),
    }
    if line.ended_reason in ("customer-ended-call", "assistant-ended-call"):
        message["endedReason"] = "hangup"
    return message | {name: facts[name] for name in ("summary", "recordingUrl", "stereoRecordingUrl") if name in facts}


def _durations(line: Line) -> Json:
    spent = seconds(line)
    if not spent:
        return {}
    return {"durationMs": round(spent * 1000), "durationSeconds": round(spent, 3), "durationMinutes": round(spent / 60, 4)}
