"""What a caller hears from us, in each of our languages, with the voice's own code (BCP 47)."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.text import languages


@dataclass(frozen=True, slots=True)
class Greeting:
    """`{name}` is the name of the house."""

    voice: str
    leave: str
    """Nobody can answer: leave a message."""
    thanks: str
    """The message is here."""


_GREETINGS = {
    "en": Greeting(
        "en-US",
        "This is {name}. Nobody can take your call right now. Leave a message after the tone, and we will call you "
        "back.",
        "Thank you. We have your message and will call you back. Good-bye.",
    ),
    "de": Greeting(
        "de-DE",
        "Hier ist {name}. Gerade kann niemand Ihren Anruf annehmen. Sprechen Sie bitte nach dem Ton, "
        "und wir rufen Sie zurück.",
        "Danke. Ihre Nachricht ist bei uns, und wir rufen Sie zurück. Auf Wiederhören.",
    ),
    "fr": Greeting(
        "fr-FR",
        "Bonjour, ici {name}. Personne ne peut prendre votre appel pour l’instant. Laissez un message après le signal, "
        "et nous vous rappellerons.",
        "Merci. Nous avons votre message et nous vous rappellerons. Au revoir.",
    ),
    "es": Greeting(
        "es-ES",
        "Le atiende {name}. Ahora nadie puede responder. Deje un mensaje después de la señal y le llamaremos.",
        "Gracias. Tenemos su mensaje y le llamaremos. Adiós.",
    ),
    "it": Greeting(
        "it-IT",
        "Qui {name}. In questo momento nessuno può rispondere. Lasci un messaggio dopo il segnale e la richiameremo.",
        "Grazie. Abbiamo ricevuto il Suo messaggio e la richiameremo. Arrivederci.",
    ),
    "nl": Greeting(
        "nl-NL",
        "Dit is {name}. Op dit moment kan niemand uw gesprek aannemen. Spreek na de toon een bericht in, "
        "dan bellen wij u terug.",
        "Dank u wel. Wij hebben uw bericht en bellen u terug. Tot ziens.",
    ),
    "pt": Greeting(
        "pt-PT",
        "Fala {name}. Neste momento ninguém pode atender. Deixe uma mensagem depois do sinal e nós ligamos de volta.",
        "Obrigado. Temos a sua mensagem e ligamos de volta. Adeus.",
    ),
    "pl": Greeting(
        "pl-PL",
        "Tu {name}. W tej chwili nikt nie może odebrać. Proszę zostawić wiadomość po sygnale, a my oddzwonimy.",
        "Dziękujemy. Mamy Państwa wiadomość i oddzwonimy. Do widzenia.",
    ),
    "sv": Greeting(
        "sv-SE",
        "Det här är {name}. Ingen kan svara just nu. Lämna ett meddelande efter tonen, så ringer vi upp.",
        "Tack. Vi har ditt meddelande och ringer upp. Hej då.",
    ),
}  # fmt: skip


def of(language: str) -> Greeting:
    """In the language of this code, or in the one that is spoken where none is known."""
    return _GREETINGS.get(language) or _GREETINGS[languages.DEFAULT]
