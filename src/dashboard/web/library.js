// SPDX-License-Identifier: MIT
// What the library itself writes in English, in the other languages of the page: by the name of a reason, of a word of
// Slack's, of a status, or by the HTTP status of an answer of the API.
export const library = {
  de: {
    reasons: {
      delivered: 'Der Empfänger hat die Zustellung bestätigt.',
      http_3xx: 'Der Empfänger hat mit einer Weiterleitung geantwortet, der nicht gefolgt wird. Geben Sie die endgültige ' +
        'Adresse als URL des Webhooks ein.',
      http_400: 'Der Empfänger hat die Anfrage abgelehnt (400). Sehen Sie sich seine Antwort an, und prüfen Sie, ob der ' +
        'Webhook das Format hat, das der Empfänger erwartet.',
      http_401_403: 'Der Empfänger hat die Anfrage abgelehnt (401 oder 403). Meistens ist sein Secret nicht das des ' +
        'Webhooks, oder er schreibt das JSON um, bevor er die Signatur prüft: Vergleichen Sie das Secret, und prüfen ' +
        'Sie die Signatur am unveränderten Inhalt.',
      http_404_410: 'Unter dieser URL gibt es nichts (404 oder 410). Prüfen Sie den Pfad der URL des Webhooks.',
      http_413: 'Dem Empfänger ist der Inhalt zu groß (413). Erhöhen Sie seine Grenze; am größten sind Inhalte mit ' +
        'Nachrichten.',
      http_429: 'Der Empfänger bittet um weniger Anfragen (429). Senken Sie die Parallelität des Webhooks, oder erhöhen ' +
        'Sie die Begrenzung beim Empfänger.',
      http_4xx: 'Der Empfänger hat die Anfrage abgelehnt (4xx). Sehen Sie sich seine Antwort an.',
      http_5xx: 'Der Empfänger hatte einen Fehler (5xx). Sehen Sie zu dieser Zeit in sein Log.',
      bad_response: 'Was geantwortet hat, spricht kein korrektes HTTP. Prüfen Sie Host und Port, und ob es ein ' +
        'https-Server ist.',
      response_too_large: 'Die Antwort des Empfängers hat mehr als 64 KiB an Headern. Ein Empfänger sollte mit 200 und ' +
        'wenig mehr antworten.',
      timeout_connect: 'Keine Verbindung innerhalb des Zeitlimits. Der Server ist aus oder nicht erreichbar, oder eine ' +
        'Firewall verwirft die Pakete.',
      timeout_total: 'Keine Antwort innerhalb des Zeitlimits. Der Empfänger hat die Arbeit vielleicht trotzdem getan: ' +
        'Er sollte erst antworten und dann arbeiten.',
      dns: 'Zum Hostnamen wurde keine Adresse gefunden. Prüfen Sie die Schreibweise, seine DNS-Einträge und seine ' +
        'Nameserver.',
      refused: 'An diesem Port lauscht niemand: Die Verbindung wurde abgelehnt. Starten Sie den Empfänger, oder ' +
        'berichtigen Sie den Port.',
      unreachable: 'Das Netz hat keinen Weg zu dieser Adresse. Prüfen Sie Routing und Firewalls.',
      reset: 'Der Empfänger hat die Verbindung geschlossen, bevor er geantwortet hat. Sehen Sie zu dieser Zeit in sein ' +
        'Log.',
      tls_untrusted: 'Das Zertifikat des Empfängers ist von keiner bekannten Stelle signiert. Installieren Sie dort die ' +
        'ganze Kette, oder lassen Sie dieses Programm der Stelle vertrauen.',
      tls_name: 'Der Empfänger hat kein Zertifikat für diesen Hostnamen. Berichtigen Sie das Zertifikat oder die URL des ' +
        'Webhooks.',
      tls_expired: 'Ein Zertifikat des Empfängers ist abgelaufen. Erneuern Sie es.',
      tls_protocol: 'Es kam keine sichere Verbindung zustande. Der Empfänger muss an diesem Port HTTP/1.1 über TLS 1.2 ' +
        'oder 1.3 sprechen.',
      tls_not_yet_valid: 'Ein Zertifikat des Empfängers ist noch nicht gültig. Prüfen Sie die Uhr dieses Rechners, und ' +
        'ab wann das Zertifikat gilt.',
      tls_unfit: 'Das Zertifikat des Empfängers ist widerrufen, zu schwach oder für einen anderen Zweck. Besorgen Sie ihm ' +
        'ein anderes.',
      tls_client_certificate: 'Der Empfänger verlangt ein Client-Zertifikat, das er annimmt. Setzen Sie eines im Webhook, ' +
        'oder lassen Sie den Empfänger darauf verzichten.',
      blocked: 'Die Adresse ist nicht öffentlich, und dieses Programm erlaubt keine Zustellungen dorthin. Es wurde kein ' +
        'Paket gesendet.',
      canceled: 'Das Programm wurde beendet, bevor die Zustellung fertig war.',
      slack: 'Slack hat die Nachricht abgelehnt. Die Antwort nennt den Grund.',
      internal: 'Dieses Programm konnte nicht zustellen: Es fehlen Speicher oder Sockets, oder seine Zertifikatsdatei ist ' +
        'nicht lesbar.',
      dropped: 'Zu viele Zustellungen an diesen Webhook warten schon, und er hat seit einer Weile keine angenommen. Nichts ' +
        'wurde gesendet.',
      paused: 'Der Webhook ist pausiert, weil er zu oft fehlgeschlagen ist. Nichts wurde gesendet; nach der Pause wird es ' +
        'noch einmal versucht.',
      discarded: 'Jemand hat verworfen, was für diesen Webhook gewartet hat. Nichts wurde gesendet; vom Log aus kann es ' +
        'erneut zugestellt werden.',
      proxy_failed: 'Der Proxy dieses Programms war nicht zu benutzen. Prüfen Sie seine Adresse, und ob er läuft und Tunnel ' +
        'baut (CONNECT).',
      proxy_refused: 'Der Proxy dieses Programms hat die Verbindung abgelehnt. Prüfen Sie den Benutzernamen und das ' +
        'Passwort dafür, und seine eigenen Regeln.',
      proxy_gateway: 'Der Proxy dieses Programms hat keine Verbindung zum Empfänger bekommen. Prüfen Sie Host und Port der ' +
        'URL des Webhooks, und ob der Proxy sie erreichen kann.',
    },
    slack: {
      missing_text_or_fallback_or_attachments: 'Slack hat das Format JSON bekommen. Stellen Sie den Webhook auf das Format ' +
        'Slack um.',
      no_text: 'Slack hat das Format JSON bekommen. Stellen Sie den Webhook auf das Format Slack um.',
      invalid_payload: 'Slack kann die Nachricht nicht lesen. Bitte melden Sie das Ereignis, das sie ausgelöst hat.',
      invalid_blocks: 'Slack lehnt die Blöcke der Nachricht ab. Bitte melden Sie das Ereignis, das sie ausgelöst hat.',
      user_not_found: 'Den Benutzer dieses Slack-Webhooks gibt es nicht mehr. Erstellen Sie in Slack einen neuen ' +
        'eingehenden Webhook.',
      action_prohibited: 'Ein Administrator des Slack-Workspace verbietet diesem Webhook, dort zu schreiben.',
      invalid_token: 'Slack kennt die URL dieses Webhooks nicht mehr. Erstellen Sie in Slack einen neuen eingehenden ' +
        'Webhook.',
      no_service: 'Dieser Slack-Webhook wurde entfernt oder abgeschaltet. Erstellen Sie in Slack einen neuen eingehenden ' +
        'Webhook.',
      no_team: 'Den Slack-Workspace dieses Webhooks gibt es nicht mehr.',
      channel_not_found: 'Den Kanal dieses Slack-Webhooks gibt es nicht mehr. Erstellen Sie in Slack einen neuen eingehenden ' +
        'Webhook.',
      channel_is_archived: 'Der Kanal dieses Slack-Webhooks ist archiviert. Stellen Sie ihn wieder her, oder wählen Sie ' +
        'einen anderen.',
      rollup_error: 'Slack hatte selbst einen Fehler. Versuchen Sie es später noch einmal.',
    },
    statuses: {
      HD_E_INVALID: 'Der Wert liegt außerhalb des erlaubten Bereichs.',
      HD_E_NO_MEMORY: 'Der Arbeitsspeicher reicht nicht: Nichts wurde geändert. Versuchen Sie es später noch einmal.',
      HD_E_QUEUE_FULL: 'Die Warteschlange ist voll: Empfänger sind langsamer als die Ereignisse. Versuchen Sie es später noch ' +
        'einmal, oder erhöhen Sie die Grenzen.',
      HD_E_TIMEOUT: 'In der vorgegebenen Zeit nicht fertig geworden. Versuchen Sie es noch einmal.',
      HD_E_CLOSED: 'Der Server wird gerade beendet. Versuchen Sie es noch einmal, wenn er wieder läuft.',
      HD_E_NOT_FOUND: 'Es gibt keinen Webhook mit dieser ID.',
      HD_E_SECRET: 'Das Secret muss 1 bis 1.024 Bytes haben; gut sind 32 zufällige.',
      HD_E_FIELD_MISSING: 'Geben Sie die URL ein, an die Zustellungen gesendet werden.',
      HD_E_EVENT_TYPE: 'Wählen Sie mindestens ein Ereignis.',
      HD_E_PROJECT: 'Das Projekt muss 1 bis 128 sichtbare ASCII-Zeichen ohne Leerzeichen haben.',
      HD_E_WEBHOOK_NAME: 'Der Name des Webhooks muss gültiges UTF-8 von höchstens 256 Bytes ohne Steuerzeichen sein.',
      HD_E_HEADER: 'Name oder Wert des Headers ist fehlerhaft, oder sein Name ist reserviert.',
      HD_E_URL: 'Die URL muss wie https://host/pfad aussehen: 1 bis 2.048 sichtbare ASCII-Zeichen ohne Fragment.',
      HD_E_URL_SCHEME: 'Die URL muss mit https:// beginnen; dieses Programm erlaubt kein http://.',
      HD_E_URL_USERINFO: 'Die URL darf keinen Benutzernamen und kein Passwort haben; nehmen Sie dafür einen Header.',
      HD_E_URL_HOST: 'Der Host der URL muss ein öffentlicher Name mit einem Punkt sein, in ASCII (Punycode), oder eine ' +
        'Adresse; dieses Programm erlaubt nichts anderes.',
      HD_E_URL_PORT: 'Der Port der URL muss 443 oder ein anderer sein, den dieses Programm erlaubt.',
      HD_E_URL_ADDRESS: 'Die Adresse der URL ist nicht öffentlich, und dieses Programm erlaubt ihr Netz nicht (link-local ' +
        'und Cloud-Metadaten nie).',
      HD_E_CURSOR: 'Diese Stelle im Log gibt es nicht mehr. Laden Sie die Seite neu.',
      HD_E_STORE: 'Der Speicher ist nicht lesbar oder nicht schreibbar: Ist sein Verzeichnis da, beschreibbar und auf einer ' +
        'Platte, die funktioniert?',
      HD_E_STORE_FULL: 'Die Platte des Speichers ist voll, oder seine Grenze ist erreicht: Schaffen Sie Platz, dann geht es ' +
        'von selbst weiter.',
      HD_E_STORE_BUSY: 'Andere schreiben zu lange in den Speicher, oder eine ältere Version der Bibliothek hat ihn offen. ' +
        'Versuchen Sie es noch einmal.',
      HD_E_STORE_VERSION: 'Der Speicher ist von einer anderen Version der Bibliothek: Benutzen Sie diese, oder eine neuere, ' +
        'die ihn aktualisiert.',
      HD_E_STORE_KEY: 'Die Secrets im Speicher sind mit einem anderen Schlüssel verschlüsselt als dem angegebenen.',
      HD_E_STORE_READ_ONLY: 'Dieser Server darf den Speicher nur lesen: Nichts kann geändert oder gesendet werden.',
      HD_E_STORE_LOST: 'Die Verbindung zum Speicher ist unterbrochen: Sie wird versucht, bis feststeht, was getan wurde.',
      HD_E_STORE_ACCESS: 'Dieser Prozess darf den Speicher nicht lesen oder schreiben: Prüfen Sie Besitzer und Rechte seiner ' +
        'Dateien.',
      HD_E_STORE_MISSING: 'In diesem Verzeichnis gibt es keinen Speicher.',
      HD_E_STORE_DAMAGED: 'Die Datenbank des Speichers ist beschädigt: Stellen Sie sie aus einer Sicherung wieder her, oder ' +
        'reparieren Sie sie mit dem Werkzeug von SQLite.',
      HD_E_CONFLICT: 'Der Webhook wurde inzwischen geändert: Laden Sie ihn neu, und wiederholen Sie Ihre Änderung.',
      HD_E_NO_DELIVERY: 'Im Log gibt es keine Zustellung mit dieser ID.',
      HD_E_RATE: 'Die Rate muss zwischen 1 pro Minute und 1.000 pro Sekunde liegen, ihr Zeitraum höchstens ein Tag und der ' +
        'Burst 1 bis 1.000 sein.',
      HD_E_CLIENT_CERTIFICATE: 'Das Client-Zertifikat muss PEM-Text von höchstens 32.768 Bytes sein: das Zertifikat, ' +
        'gegebenenfalls die seiner Aussteller, und ein privater Schlüssel.',
      HD_E_CLIENT_KEY: 'Der private Schlüssel des Client-Zertifikats ist verschlüsselt, und ein Passwort ist nicht möglich: ' +
        'Entschlüsseln Sie ihn vorher (openssl pkey -in key.pem -out plain.pem).',
      HD_E_LIMIT: 'Davon gibt es schon so viele, wie es geben kann.',
      HD_E_NO_SECRET: 'Dieses Secret gibt es nicht.',
      HD_E_ROLE: 'Dieser Server kann das nicht: Er hat keinen Thread, der zustellt.',
    },
    http: {
      400: 'Die Anfrage ist fehlerhaft: Ein Filter hat einen Wert, den er nicht haben kann. Prüfen Sie Statuscode und Grund.',
      401: 'Sie sind nicht angemeldet. Melden Sie sich an, und versuchen Sie es noch einmal.',
      403: 'Nicht erlaubt: Ihre Rolle kann nur lesen. Fragen Sie einen Administrator.',
      404: 'Das gibt es nicht: Es wurde gelöscht, oder gehört zu einem anderen Projekt.',
      409: 'Es hat sich inzwischen geändert. Prüfen Sie es, und versuchen Sie es noch einmal.',
      413: 'Die Anfrage ist zu groß: höchstens 262.144 Bytes.',
      421: 'Diese Seite kennt den Hostnamen nicht. Fügen Sie ihn im Server hinzu, der die Seite zeigt.',
      422: 'Prüfen Sie die markierten Felder.',
      503: 'Zurzeit nicht möglich. Versuchen Sie es später noch einmal.',
    },
  },
}
