"""The words of a proof in each of our languages: its mail, its code, its page; none of them is the customer's own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """`{code}` stands once in `code`, `{place}` once in `intro`: where they write, in brackets, or nothing."""

    hello: str
    subject: str
    mail: str
    """Before the link."""
    mail_after: str
    code_subject: str
    """Where the code goes by mail."""
    code: str
    title: str
    intro: str
    label: str
    button: str
    wrong: str
    done_title: str
    done: str
    gone_title: str
    gone: str
    """The link was used, replaced, or is too old."""
    unknown: str
    """There never was such a link."""
    much: str
    """Too many tries."""


WORDS = {
    "en": Words(
        hello="Hello,",
        subject="Is this your address?",
        mail=(
            "Somebody who writes to us by another way says that this mail address is theirs. If that is you, open "
            "this link and enter the code that we sent you there:"
        ),
        mail_after=(
            "The link works once, for 24 hours. If it is not you, do nothing: nobody sees anything of yours. Never "
            "pass the link on."
        ),
        code_subject="Your code",
        code=(
            "Your code is {code}. We have sent a mail to the address you named: open the link in it and enter the code "
            "there. Both work for 24 hours. Tell the code to nobody, not even to us."
        ),
        title="Is that you?",
        intro=(
            "Somebody who writes to us by another way{place} says that your mail address is theirs. If that is you, "
            "enter the code that we sent you there. From then on we know that it is you, whichever way you write. If "
            "it is not you, close this page: nothing happens."
        ),
        label="The code of six digits",
        button="Yes, that is me",
        wrong="That is not the code. Look at the newest one we sent you.",
        done_title="Thank you.",
        done="We know now that it is you, whichever way you write. You can close this page.",
        gone_title="This link does not work any more.",
        gone="It was used already, or is older than 24 hours. Where you write to us, ask for a new one.",
        unknown="Open the link from the mail again, to its very end.",
        much="That was tried too often. Wait a while and try again.",
    ),
    "de": Words(
        hello="Guten Tag,",
        subject="Ist das Ihre Adresse?",
        mail=(
            "jemand, der uns auf einem anderen Weg schreibt, nennt diese Mailadresse als seine eigene. Wenn Sie das "
            "sind, öffnen Sie diesen Link und geben Sie dort den Code ein, den wir Ihnen auf dem anderen Weg geschickt "
            "haben:"
        ),
        mail_after=(
            "Der Link gilt einmal und 24 Stunden lang. Wenn Sie es nicht sind, brauchen Sie nichts zu tun: Niemand "
            "bekommt etwas von Ihnen zu sehen. Geben Sie den Link nie weiter."
        ),
        code_subject="Ihr Code",
        code=(
            "Ihr Code ist {code}. Wir haben eine Mail an die Adresse geschickt, die Sie genannt haben: Öffnen Sie den "
            "Link darin und geben Sie den Code dort ein. Beides gilt 24 Stunden. Sagen Sie den Code niemandem, auch "
            "uns nicht."
        ),
        title="Sind Sie das?",
        intro=(
            "Jemand, der uns auf einem anderen Weg{place} schreibt, nennt Ihre Mailadresse als seine eigene. Wenn Sie "
            "das sind, geben Sie den Code ein, den wir Ihnen dort geschickt haben. Von da an wissen wir, dass Sie es "
            "sind, auf welchem Weg Sie auch schreiben. Wenn Sie es nicht sind, schließen Sie diese Seite: Es geschieht "
            "nichts."
        ),
        label="Der Code aus sechs Ziffern",
        button="Ja, das bin ich",
        wrong="Das ist nicht der Code. Sehen Sie nach dem neuesten, den wir Ihnen geschickt haben.",
        done_title="Vielen Dank.",
        done=(
            "Wir wissen jetzt, dass Sie es sind, auf welchem Weg Sie auch schreiben. Sie können diese Seite schließen."
        ),
        gone_title="Dieser Link gilt nicht mehr.",
        gone=(
            "Er wurde schon benutzt oder ist älter als 24 Stunden. Bitten Sie dort, wo Sie uns schreiben, um einen "
            "neuen."
        ),
        unknown="Öffnen Sie den Link noch einmal aus der Mail, bis zu seinem Ende.",
        much="Das wurde zu oft versucht. Warten Sie eine Weile und versuchen Sie es noch einmal.",
    ),
    "fr": Words(
        hello="Bonjour,",
        subject="Est-ce bien votre adresse ?",
        mail=(
            "Une personne qui nous écrit par un autre moyen indique que cette adresse e-mail est la sienne. S’il "
            "s’agit de vous, ouvrez ce lien et saisissez-y le code que nous vous avons envoyé par cet autre moyen :"
        ),
        mail_after=(
            "Le lien fonctionne une seule fois, pendant 24 heures. S’il ne s’agit pas de vous, ne faites rien : "
            "personne ne verra rien de ce qui vous concerne. Ne transmettez jamais ce lien."
        ),
        code_subject="Votre code",
        code=(
            "Votre code est {code}. Nous avons envoyé un e-mail à l’adresse que vous avez indiquée : ouvrez le lien "
            "qu’il contient et saisissez-y le code. Les deux sont valables 24 heures. Ne donnez ce code à personne, "
            "pas même à nous."
        ),
        title="Est-ce bien vous ?",
        intro=(
            "Une personne qui nous écrit par un autre moyen{place} indique que votre adresse e-mail est la sienne. "
            "S’il s’agit de vous, saisissez le code que nous vous y avons envoyé. Nous saurons ensuite que c’est vous, "
            "quel que soit le moyen par lequel vous écrivez. Sinon, fermez cette page : il ne se passera rien."
        ),
        label="Le code à six chiffres",
        button="Oui, c’est moi",
        wrong="Ce n’est pas le bon code. Reprenez le plus récent que nous vous avons envoyé.",
        done_title="Merci.",
        done=(
            "Nous savons maintenant que c’est vous, quel que soit le moyen par lequel vous écrivez. Vous pouvez fermer "
            "cette page."
        ),
        gone_title="Ce lien ne fonctionne plus.",
        gone="Il a déjà servi ou date de plus de 24 heures. Demandez-en un nouveau là où vous nous écrivez.",
        unknown="Ouvrez de nouveau le lien depuis l’e-mail, jusqu’à sa fin.",
        much="Trop d’essais. Attendez un moment, puis réessayez.",
    ),
    "es": Words(
        hello="Hola:",
        subject="¿Es esta su dirección?",
        mail=(
            "Alguien que nos escribe por otra vía dice que esta dirección de correo es suya. Si es usted, abra este "
            "enlace e introduzca en él el código que le hemos enviado por esa otra vía:"
        ),
        mail_after=(
            "El enlace funciona una sola vez, durante 24 horas. Si no es usted, no haga nada: nadie verá nada suyo. No "
            "reenvíe nunca el enlace."
        ),
        code_subject="Su código",
        code=(
            "Su código es {code}. Hemos enviado un correo a la dirección que nos indicó: abra el enlace que contiene e "
            "introduzca allí el código. Ambos sirven durante 24 horas. No diga el código a nadie, tampoco a nosotros."
        ),
        title="¿Es usted?",
        intro=(
            "Alguien que nos escribe por otra vía{place} dice que su dirección de correo es suya. Si es usted, "
            "introduzca el código que le hemos enviado allí. Desde entonces sabremos que es usted, escriba por donde "
            "escriba. Si no es usted, cierre esta página: no ocurrirá nada."
        ),
        label="El código de seis cifras",
        button="Sí, soy yo",
        wrong="Ese no es el código. Mire el más reciente que le hemos enviado.",
        done_title="Gracias.",
        done="Ahora sabemos que es usted, escriba por donde escriba. Puede cerrar esta página.",
        gone_title="Este enlace ya no funciona.",
        gone="Ya se ha usado o tiene más de 24 horas. Pida uno nuevo allí donde nos escribe.",
        unknown="Abra el enlace de nuevo desde el correo, hasta el final.",
        much="Se ha intentado demasiadas veces. Espere un rato e inténtelo de nuevo.",
    ),
    "it": Words(
        hello="Buongiorno,",
        subject="Questo indirizzo è Suo?",
        mail=(
            "una persona che ci scrive per un’altra via dice che questo indirizzo e-mail è suo. Se è Lei, apra questo "
            "link e vi inserisca il codice che Le abbiamo inviato per quell’altra via:"
        ),
        mail_after=(
            "Il link funziona una sola volta, per 24 ore. Se non è Lei, non faccia nulla: nessuno vedrà nulla di Suo. "
            "Non inoltri mai il link."
        ),
        code_subject="Il Suo codice",
        code=(
            "Il Suo codice è {code}. Abbiamo inviato un’e-mail all’indirizzo che ci ha indicato: apra il link che "
            "contiene e vi inserisca il codice. Entrambi valgono 24 ore. Non dica il codice a nessuno, nemmeno a noi."
        ),
        title="È Lei?",
        intro=(
            "Una persona che ci scrive per un’altra via{place} dice che il Suo indirizzo e-mail è suo. Se è Lei, "
            "inserisca il codice che Le abbiamo inviato lì. Da quel momento sapremo che è Lei, per qualunque via ci "
            "scriva. Se non è Lei, chiuda questa pagina: non succede nulla."
        ),
        label="Il codice di sei cifre",
        button="Sì, sono io",
        wrong="Non è il codice giusto. Guardi il più recente che Le abbiamo inviato.",
        done_title="Grazie.",
        done="Ora sappiamo che è Lei, per qualunque via ci scriva. Può chiudere questa pagina.",
        gone_title="Questo link non funziona più.",
        gone="È già stato usato o ha più di 24 ore. Ne chieda uno nuovo là dove ci scrive.",
        unknown="Apra di nuovo il link dall’e-mail, fino alla fine.",
        much="Troppi tentativi. Aspetti un po’ e riprovi.",
    ),
    "nl": Words(
        hello="Goedendag,",
        subject="Is dit uw adres?",
        mail=(
            "Iemand die ons langs een andere weg schrijft, zegt dat dit mailadres van hem of haar is. Bent u dat, open "
            "dan deze link en vul daar de code in die wij u langs die andere weg hebben gestuurd:"
        ),
        mail_after=(
            "De link werkt één keer, 24 uur lang. Bent u het niet, dan hoeft u niets te doen: niemand krijgt iets van "
            "u te zien. Geef de link nooit door."
        ),
        code_subject="Uw code",
        code=(
            "Uw code is {code}. Wij hebben een mail gestuurd naar het adres dat u hebt genoemd: open de link daarin en "
            "vul daar de code in. Beide werken 24 uur. Vertel de code aan niemand, ook niet aan ons."
        ),
        title="Bent u dat?",
        intro=(
            "Iemand die ons langs een andere weg{place} schrijft, zegt dat uw mailadres van hem of haar is. Bent u "
            "dat, vul dan de code in die wij u daar hebben gestuurd. Vanaf dan weten wij dat u het bent, langs welke "
            "weg u ook schrijft. Bent u het niet, sluit dan deze pagina: er gebeurt niets."
        ),
        label="De code van zes cijfers",
        button="Ja, dat ben ik",
        wrong="Dat is niet de code. Kijk naar de nieuwste die wij u hebben gestuurd.",
        done_title="Dank u wel.",
        done="Wij weten nu dat u het bent, langs welke weg u ook schrijft. U kunt deze pagina sluiten.",
        gone_title="Deze link werkt niet meer.",
        gone="Hij is al gebruikt of is ouder dan 24 uur. Vraag een nieuwe aan op de plek waar u ons schrijft.",
        unknown="Open de link nog eens vanuit de mail, tot het einde.",
        much="Dat is te vaak geprobeerd. Wacht even en probeer het opnieuw.",
    ),
    "pt": Words(
        hello="Olá,",
        subject="Este endereço é seu?",
        mail=(
            "Uma pessoa que nos escreve por outra via diz que este endereço de e-mail é seu. Se for o seu caso, abra "
            "esta ligação e introduza nela o código que lhe enviámos por essa outra via:"
        ),
        mail_after=(
            "A ligação funciona uma só vez, durante 24 horas. Se não for o seu caso, não faça nada: ninguém verá nada "
            "que lhe diga respeito. Nunca reencaminhe a ligação."
        ),
        code_subject="O seu código",
        code=(
            "O seu código é {code}. Enviámos um e-mail para o endereço que nos indicou: abra a ligação que ele contém "
            "e introduza aí o código. Ambos valem durante 24 horas. Não diga o código a ninguém, nem sequer a nós."
        ),
        title="Confirma a sua identidade?",
        intro=(
            "Uma pessoa que nos escreve por outra via{place} diz que o seu endereço de e-mail lhe pertence. Se for o "
            "seu caso, introduza o código que lhe enviámos por essa via. A partir daí saberemos quem escreve, seja "
            "qual for a via. Se não for o seu caso, feche esta página: nada acontece."
        ),
        label="O código de seis algarismos",
        button="Sim, confirmo",
        wrong="Esse não é o código. Veja o mais recente que lhe enviámos.",
        done_title="Obrigado.",
        done="Agora sabemos quem escreve, seja qual for a via. Pode fechar esta página.",
        gone_title="Esta ligação já não funciona.",
        gone="Já foi usada ou tem mais de 24 horas. Peça uma nova no sítio onde nos escreve.",
        unknown="Abra de novo a ligação a partir do e-mail, até ao fim.",
        much="Foram feitas demasiadas tentativas. Espere um pouco e tente de novo.",
    ),
    "pl": Words(
        hello="Dzień dobry,",
        subject="Czy to Państwa adres?",
        mail=(
            "ktoś, kto pisze do nas inną drogą, podaje ten adres e-mail jako swój. Jeśli to Państwo, prosimy otworzyć "
            "ten link i wpisać tam kod, który wysłaliśmy Państwu tamtą drogą:"
        ),
        mail_after=(
            "Link działa jeden raz, przez 24 godziny. Jeśli to nie Państwo, nie trzeba nic robić: nikt nie zobaczy "
            "niczego, co Państwa dotyczy. Prosimy nigdy nie przekazywać tego linku."
        ),
        code_subject="Państwa kod",
        code=(
            "Państwa kod to {code}. Na podany adres wysłaliśmy wiadomość: prosimy otworzyć zawarty w niej link i "
            "wpisać tam kod. Oba są ważne 24 godziny. Prosimy nikomu nie podawać kodu, nawet nam."
        ),
        title="Czy to Państwo?",
        intro=(
            "Ktoś, kto pisze do nas inną drogą{place}, podaje Państwa adres e-mail jako swój. Jeśli to Państwo, "
            "prosimy wpisać kod, który tam wysłaliśmy. Od tej chwili będziemy wiedzieć, kto pisze, niezależnie od "
            "drogi. Jeśli to nie Państwo, prosimy zamknąć tę stronę: nic się nie stanie."
        ),
        label="Kod z sześciu cyfr",
        button="Tak, to ja",
        wrong="To nie jest ten kod. Prosimy sprawdzić najnowszy, który wysłaliśmy.",
        done_title="Dziękujemy.",
        done="Teraz wiemy, kto pisze, niezależnie od drogi. Można zamknąć tę stronę.",
        gone_title="Ten link już nie działa.",
        gone="Został już użyty albo ma więcej niż 24 godziny. Prosimy poprosić o nowy tam, skąd Państwo piszą.",
        unknown="Prosimy otworzyć link z wiadomości jeszcze raz, do samego końca.",
        much="Było zbyt wiele prób. Prosimy chwilę odczekać i spróbować ponownie.",
    ),
    "sv": Words(
        hello="Hej!",
        subject="Är det här din adress?",
        mail=(
            "Någon som skriver till oss på ett annat sätt säger att den här mejladressen är dennes. Om det är du, "
            "öppna länken och ange där koden som vi skickade till dig på det andra sättet:"
        ),
        mail_after=(
            "Länken fungerar en gång, i 24 timmar. Om det inte är du behöver du inte göra något: ingen får se något "
            "som är ditt. Skicka aldrig länken vidare."
        ),
        code_subject="Din kod",
        code=(
            "Din kod är {code}. Vi har skickat ett mejl till adressen du angav: öppna länken i det och ange koden där. "
            "Båda gäller i 24 timmar. Berätta inte koden för någon, inte ens för oss."
        ),
        title="Är det du?",
        intro=(
            "Någon som skriver till oss på ett annat sätt{place} säger att din mejladress är dennes. Om det är du, "
            "ange koden som vi skickade till dig där. Från och med då vet vi att det är du, hur du än skriver. Om det "
            "inte är du, stäng sidan: ingenting händer."
        ),
        label="Koden med sex siffror",
        button="Ja, det är jag",
        wrong="Det är inte koden. Titta på den senaste som vi skickade till dig.",
        done_title="Tack.",
        done="Nu vet vi att det är du, hur du än skriver. Du kan stänga sidan.",
        gone_title="Länken fungerar inte längre.",
        gone="Den har redan använts eller är äldre än 24 timmar. Be om en ny där du skriver till oss.",
        unknown="Öppna länken från mejlet en gång till, ända till slutet.",
        much="Det har försökts för många gånger. Vänta en stund och försök igen.",
    ),
}
