# language: de
Funktionalität: Abflüge
  Grundlage:
    Angenommen an empty log

  Szenariogrundriss: Viele Flüge
    Wenn <wer> startet
    Dann the log holds 1

    Beispiele:
      | wer    |
      | Jürgen |
      | Zoë    |
