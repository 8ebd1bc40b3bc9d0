"""The words of automatic mail, in each of our languages; none of them is the customer's own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letters:
    """`{number}` is the ticket's, and stands in every subject."""

    hello: str
    arrived_subject: str
    arrived: str
    """Their first message is here."""
    delayed_subject: str
    delayed: str
    """We are behind with it."""


LETTERS = {
    "en": Letters(
        hello="Hello,",
        arrived_subject="We have your message [#{number}]",
        arrived="Your message has arrived and is ticket #{number}. A person will read it and answer in this thread.",
        delayed_subject="We are behind [#{number}]",
        delayed=(
            "We are behind with your ticket #{number}, and we are sorry. It is not forgotten: more of us are being "
            "called to it, and a person will answer in this thread."
        ),
    ),
    "de": Letters(
        hello="Guten Tag,",
        arrived_subject="Ihre Nachricht ist angekommen [#{number}]",
        arrived=(
            "Ihre Nachricht ist angekommen und hat die Nummer #{number}. "
            "Ein Mensch wird sie lesen und Ihnen auf diesem Weg antworten."
        ),
        delayed_subject="Es dauert leider länger [#{number}]",
        delayed=(
            "wir sind mit Ihrem Anliegen #{number} im Verzug, und das tut uns leid. Es ist nicht vergessen: Wir ziehen "
            "weitere Kolleginnen und Kollegen hinzu, und ein Mensch wird Ihnen auf diesem Weg antworten."
        ),
    ),
    "fr": Letters(
        hello="Bonjour,",
        arrived_subject="Nous avons bien reçu votre message [#{number}]",
        arrived=(
            "Votre message nous est bien parvenu et porte le numéro #{number}. "
            "Un membre de notre équipe le lira et vous répondra dans cette conversation."
        ),
        delayed_subject="Nous avons pris du retard [#{number}]",
        delayed=(
            "Nous avons pris du retard sur votre demande #{number} et nous vous prions de nous en excuser. "
            "Elle n’est pas oubliée : nous faisons appel à d’autres collègues, et l’un d’eux vous répondra dans "
            "cette conversation."
        ),
    ),
    "es": Letters(
        hello="Hola:",
        arrived_subject="Hemos recibido su mensaje [#{number}]",
        arrived=(
            "Su mensaje ha llegado y tiene el número #{number}. "
            "Una persona lo leerá y le responderá en esta conversación."
        ),
        delayed_subject="Estamos tardando más de lo previsto [#{number}]",
        delayed=(
            "Estamos tardando más de lo previsto con su consulta #{number} y lo sentimos. No la hemos olvidado: "
            "estamos avisando a más compañeros, y una persona le responderá en esta conversación."
        ),
    ),
    "it": Letters(
        hello="Buongiorno,",
        arrived_subject="Abbiamo ricevuto il Suo messaggio [#{number}]",
        arrived=(
            "il Suo messaggio è arrivato e ha il numero #{number}. "
            "Una persona lo leggerà e Le risponderà in questa conversazione."
        ),
        delayed_subject="Siamo in ritardo [#{number}]",
        delayed=(
            "siamo in ritardo con la Sua richiesta #{number} e ce ne scusiamo. Non l’abbiamo dimenticata: stiamo "
            "coinvolgendo altri colleghi e una persona Le risponderà in questa conversazione."
        ),
    ),
    "nl": Letters(
        hello="Goedendag,",
        arrived_subject="Wij hebben uw bericht ontvangen [#{number}]",
        arrived=(
            "Uw bericht is aangekomen en heeft nummer #{number}. "
            "Een medewerker zal het lezen en u in deze conversatie antwoorden."
        ),
        delayed_subject="Het duurt helaas langer [#{number}]",
        delayed=(
            "Wij lopen achter met uw vraag #{number} en dat spijt ons. Uw vraag is niet vergeten: wij roepen er meer "
            "collega’s bij, en een medewerker zal u in deze conversatie antwoorden."
        ),
    ),
    "pt": Letters(
        hello="Olá,",
        arrived_subject="Recebemos a sua mensagem [#{number}]",
        arrived=(
            "A sua mensagem chegou e tem o número #{number}. Uma pessoa vai ler a mensagem e responder nesta conversa."
        ),
        delayed_subject="Estamos atrasados [#{number}]",
        delayed=(
            "Estamos atrasados com o seu pedido #{number} e lamentamos a demora. Ele não foi esquecido: mais colegas "
            "foram chamados para ajudar, e uma pessoa responderá nesta conversa."
        ),
    ),
    "pl": Letters(
        hello="Dzień dobry,",
        arrived_subject="Otrzymaliśmy Państwa wiadomość [#{number}]",
        arrived=(
            "Państwa wiadomość dotarła do nas i ma numer #{number}. "
            "Przeczyta ją nasz pracownik i odpowie Państwu w tym wątku."
        ),
        delayed_subject="Mamy opóźnienie [#{number}]",
        delayed=(
            "mamy opóźnienie w Państwa sprawie #{number} i bardzo za to przepraszamy. Pamiętamy o niej: angażujemy "
            "kolejne osoby, a jedna z nich odpowie Państwu w tym wątku."
        ),
    ),
    "sv": Letters(
        hello="Hej!",
        arrived_subject="Vi har fått ditt meddelande [#{number}]",
        arrived=(
            "Ditt meddelande har kommit fram och har nummer #{number}. En av oss läser det och svarar i den här tråden."
        ),
        delayed_subject="Vi är försenade [#{number}]",
        delayed=(
            "Vi är försenade med ditt ärende #{number} och det är vi ledsna för. Det är inte bortglömt: vi kallar in "
            "fler kollegor, och en av oss svarar i den här tråden."
        ),
    ),
}
