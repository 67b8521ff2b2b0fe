"""Errors as Vapi writes them: the NestJS shape (facts: third-party captures; validation errors carry a list)."""

from starlette.responses import JSONResponse

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
    500: "Internal Server Error",
}
WRONG_KEY = "Invalid Key. Hot tip, you may be using the public key instead of the private key, or vice versa."


class ApiError(Exception):
    """Ends a request with a NestJS-shaped body."""

    def __init__(self, status: int, message: str | list[str], headers: dict[str, str] | None = None) -> None:
        super().__init__(str(message))
        self.status, self.message, self.headers = status, message, headers

    def response(self) -> JSONResponse:
        """The body and status to answer with."""
        body = {"message": self.message, "error": TITLES[self.status], "statusCode": self.status}
        if self.status == 500:
            del body["error"]
        return JSONResponse(body, self.status, headers=self.headers)
