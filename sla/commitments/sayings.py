"""The sentences about a promise to a customer, in each of our languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sayings:
    """`{until}` is as `helpdesk.text.until` says it, with `your_time` or the name of a zone behind it."""

    someone: str
    """Who, when nobody's name is known."""
    answer: str
    news: str
    ownership: str
    on_site: str
    restore: str
    resolution: str
    done: str
    your_time: str
    call: str


SAYINGS = {
    "en": Sayings(
        someone="A person",
        answer="{who} answers {until}.",
        news="You hear how it stands {until}.",
        ownership="{who} takes care of it {until}.",
        on_site="An engineer is with you {until}.",
        restore="Your equipment runs again {until}.",
        resolution="It is solved {until}.",
        done="It is done {until}.",
        your_time=" your time",
        call="For a running fault call {number}.",
    ),
    "de": Sayings(
        someone="Jemand von uns",
        answer="{who} antwortet Ihnen {until}.",
        news="Sie erfahren {until}, wie es steht.",
        ownership="{who} kümmert sich {until} darum.",
        on_site="Ein Techniker oder eine Technikerin ist {until} bei Ihnen.",
        restore="Ihr Gerät läuft {until} wieder.",
        resolution="Ihr Anliegen ist {until} gelöst.",
        done="Es ist {until} erledigt.",
        your_time=" (Ihre Ortszeit)",
        call="Bei einer akuten Störung rufen Sie bitte {number} an.",
    ),
    "fr": Sayings(
        someone="Un membre de notre équipe",
        answer="{who} vous répondra {until}.",
        news="Vous aurez des nouvelles {until}.",
        ownership="{who} prendra votre demande en charge {until}.",
        on_site="Un technicien sera sur place {until}.",
        restore="Votre équipement fonctionnera de nouveau {until}.",
        resolution="Votre problème sera résolu {until}.",
        done="Ce sera fait {until}.",
        your_time=" (votre heure locale)",
        call="En cas de panne urgente, appelez le {number}.",
    ),
    "es": Sayings(
        someone="Una persona de nuestro equipo",
        answer="{who} le responderá {until}.",
        news="Tendrá noticias nuestras {until}.",
        ownership="{who} se ocupará de su caso {until}.",
        on_site="Un técnico estará con usted {until}.",
        restore="Su equipo volverá a funcionar {until}.",
        resolution="El problema quedará resuelto {until}.",
        done="Estará hecho {until}.",
        your_time=" (su hora local)",
        call="Si se trata de una avería urgente, llame al {number}.",
    ),
    "it": Sayings(
        someone="Una persona del nostro team",
        answer="{who} Le risponderà {until}.",
        news="Avrà nostre notizie {until}.",
        ownership="{who} prenderà in carico la Sua richiesta {until}.",
        on_site="Un tecnico sarà da Lei {until}.",
        restore="La Sua apparecchiatura tornerà in funzione {until}.",
        resolution="Il problema sarà risolto {until}.",
        done="Sarà fatto {until}.",
        your_time=" (Sua ora locale)",
        call="In caso di guasto urgente chiami il numero {number}.",
    ),
    "nl": Sayings(
        someone="Een van onze medewerkers",
        answer="{who} antwoordt u {until}.",
        news="U hoort {until} hoe het ervoor staat.",
        ownership="{who} neemt uw vraag {until} in behandeling.",
        on_site="Een monteur is {until} bij u.",
        restore="Uw apparatuur werkt {until} weer.",
        resolution="Het probleem is {until} opgelost.",
        done="Het is {until} klaar.",
        your_time=" (uw lokale tijd)",
        call="Bel bij een acute storing {number}.",
    ),
    # Brazil and Portugal read the same sentences: no "equipe" or "equipa", no pronoun behind or before a verb.
    "pt": Sayings(
        someone="Uma pessoa",
        answer="{who} responderá {until}.",
        news="Terá notícias nossas {until}.",
        ownership="{who} tratará do seu pedido {until}.",
        on_site="Um técnico chegará {until}.",
        restore="O seu equipamento voltará a funcionar {until}.",
        resolution="O problema será resolvido {until}.",
        done="Ficará pronto {until}.",
        your_time=" (na sua hora local)",
        call="Em caso de avaria urgente, ligue para {number}.",
    ),
    "pl": Sayings(
        someone="Ktoś z naszego zespołu",
        answer="{who} odpowie Państwu {until}.",
        news="Otrzymają Państwo wiadomość o stanie sprawy {until}.",
        ownership="{who} zajmie się tą sprawą {until}.",
        on_site="Technik przyjedzie do Państwa {until}.",
        restore="Państwa sprzęt zacznie ponownie działać {until}.",
        resolution="Problem zostanie rozwiązany {until}.",
        done="Będzie to gotowe {until}.",
        your_time=" (Państwa czasu lokalnego)",
        call="W razie pilnej awarii prosimy dzwonić pod numer {number}.",
    ),
    "sv": Sayings(
        someone="En av oss",
        answer="{who} svarar {until}.",
        news="Du får besked om läget {until}.",
        ownership="{who} tar hand om ärendet {until}.",
        on_site="En tekniker är hos dig {until}.",
        restore="Din utrustning fungerar igen {until}.",
        resolution="Problemet är löst {until}.",
        done="Det är klart {until}.",
        your_time=" (din lokala tid)",
        call="Ring {number} vid ett akut fel.",
    ),
}
