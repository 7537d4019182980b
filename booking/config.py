"""Settings from the environment and `.env`, all named BENCHSHARE_*."""

from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an installation decides; see the README's table of settings."""

    model_config = SettingsConfigDict(
        env_prefix="BENCHSHARE_", env_file=".env", extra="ignore", frozen=True
    )

    database_url: str = "sqlite:///benchshare.db"
    base_url: str = "http://127.0.0.1:8000"
    secret_key: str = Field(default="", repr=False)
    mail: str = "file:mail"
    mail_from: str = ""
    inbox: str = Field(default="", repr=False)
    inbox_secret: str = Field(default="", repr=False)

    @property
    def host(self) -> str:
        """The host of the base URL: the domain of UIDs and of the agent address."""
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def sender(self) -> str:
        """The address that mails come from where a facility names none of its own."""
        return self.mail_from or f"bookings@{self.host}"

    @property
    def secure(self) -> bool:
        """Whether cookies may travel over TLS only."""
        return self.base_url.startswith("https://")
