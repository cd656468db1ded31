"""The way to the database service, on which requests and answers are lost and late as well."""

import httpx

from tests.storm.weather import Weather
from tests.storm.wire import NO_ANSWER, Reply, Request, Silence

_DROPPED = {"host", "content-length", "connection", "transfer-encoding"}


class Relay:
    """Passes requests on to `target`, as the weather will have it."""

    def __init__(self, target: str, weather: Weather) -> None:
        self.weather = weather
        self._http = httpx.AsyncClient(
            base_url=target,
            timeout=60.0,
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
        )

    async def handle(self, request: Request) -> Reply | Silence:
        """Answer a request."""
        try:
            return await self.weather.befall(self.weather.draw(), request, self._pass_on)
        except httpx.ConnectError:
            return Silence.RST
        except NO_ANSWER:
            return Silence.FIN

    async def _pass_on(self, request: Request) -> Reply:
        headers = {name: text for name, text in request.headers.items() if name not in _DROPPED}
        answer = await self._http.request(
            request.method, request.path, headers=headers, content=request.content
        )
        kept = {name: text for name, text in answer.headers.items() if name not in _DROPPED}
        return Reply(answer.status_code, answer.content, kept)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
