"""The words around a report's table, in each of our languages; names of columns are those of the page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letters:
    """`{name}` greets; `{count}` are rows; `{owner}` set it up."""

    hello: str
    rows: str
    none: str
    too_large: str
    page: str
    why: str
    change: str
    test: str


LETTERS = {
    "en": Letters(
        "Hello {name},",
        "Rows: {count}. The file has all of them.",
        "Nothing is in it.",
        "This table is too large for a mail. Take it along from its page.",
        "The page:",
        "{owner} has this sent to you.",
        "Change or stop it:",
        "[Test]",
    ),
    "de": Letters(
        "Guten Tag {name},",
        "Zeilen: {count}. Die Datei enthält alle.",
        "Es steht nichts darin.",
        "Diese Tabelle ist zu groß für eine E-Mail. Laden Sie sie von ihrer Seite.",
        "Die Seite:",
        "{owner} lässt Ihnen das schicken.",
        "Ändern oder beenden:",
        "[Test]",
    ),
    "fr": Letters(
        "Bonjour {name},",
        "Lignes : {count}. Le fichier les contient toutes.",
        "Il n’y a rien à signaler.",
        "Ce tableau est trop grand pour un e-mail. Téléchargez-le depuis sa page.",
        "La page :",
        "{owner} vous fait envoyer ce rapport.",
        "Le modifier ou l’arrêter :",
        "[Essai]",
    ),
    "es": Letters(
        "Hola, {name}:",
        "Filas: {count}. El archivo las contiene todas.",
        "No contiene nada.",
        "Esta tabla es demasiado grande para un correo. Descárguela desde su página.",
        "La página:",
        "{owner} hace que se le envíe este informe.",
        "Cambiarlo o detenerlo:",
        "[Prueba]",
    ),
    "it": Letters(
        "Buongiorno {name},",
        "Righe: {count}. Il file le contiene tutte.",
        "Non c’è nulla da riportare.",
        "Questa tabella è troppo grande per un’e-mail. La scarichi dalla sua pagina.",
        "La pagina:",
        "{owner} Le fa inviare questo rapporto.",
        "Modificarlo o interromperlo:",
        "[Prova]",
    ),
    "nl": Letters(
        "Goedendag {name},",
        "Rijen: {count}. Het bestand bevat ze allemaal.",
        "Er staat niets in.",
        "Deze tabel is te groot voor een e-mail. Download haar van haar pagina.",
        "De pagina:",
        "{owner} laat dit naar u sturen.",
        "Wijzigen of stoppen:",
        "[Test]",
    ),
    "pt": Letters(
        "Olá, {name},",
        "Linhas: {count}. O ficheiro contém todas.",
        "Não há nada a indicar.",
        "Esta tabela é demasiado grande para um e-mail. Descarregue-a na respetiva página.",
        "A página:",
        "{owner} faz com que receba este relatório.",
        "Alterar ou parar:",
        "[Teste]",
    ),
    "pl": Letters(
        "Dzień dobry, {name},",
        "Wiersze: {count}. Plik zawiera je wszystkie.",
        "Nic w nim nie ma.",
        "Ta tabela jest za duża na wiadomość. Proszę pobrać ją z jej strony.",
        "Strona:",
        "Raport wysyłamy na prośbę osoby: {owner}.",
        "Zmienić lub zatrzymać:",
        "[Test]",
    ),
    "sv": Letters(
        "Hej {name}!",
        "Rader: {count}. Filen innehåller alla.",
        "Det finns inget i den.",
        "Tabellen är för stor för ett mejl. Hämta den från dess sida.",
        "Sidan:",
        "{owner} låter skicka detta till dig.",
        "Ändra eller avsluta:",
        "[Test]",
    ),
}
