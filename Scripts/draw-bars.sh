#!/bin/sh
# Draws a bar chart as SVG. Reads rows of LABEL <tab> NUMBER <tab> NOTE; prints the picture.
#
#   usage: Scripts/draw-bars.sh TITLE UNIT <rows >picture.svg
set -eu

exec awk -F '\t' -v title="$1" -v unit="$2" '
  function escaped(text) {
    gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); gsub(/>/, "\\&gt;", text)
    return text
  }
  NF >= 2 { n++; label[n] = $1; value[n] = $2; note[n] = $3; if ($2 > most) most = $2 }
  END {
    if (!n || most <= 0) { print "draw-bars: no rows" > "/dev/stderr"; exit 65 }
    left = 210; bar = 330; row = 34; height = 52 + n * row
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 %d\" role=\"img\"", height
    printf " font-family=\"sans-serif\" font-size=\"14\">\n"
    printf "<title>%s</title>\n<rect width=\"760\" height=\"%d\" fill=\"#fff\"/>\n", escaped(title), height
    printf "<text x=\"16\" y=\"28\" font-size=\"16\" font-weight=\"bold\">%s</text>\n", escaped(title)
    for (i = 1; i <= n; i++) {
      y = 44 + (i - 1) * row; width = bar * value[i] / most
      printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", left - 10, y + 19, escaped(label[i])
      printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"24\" rx=\"2\" fill=\"%s\"/>\n", \
        left, y + 2, width, i == 1 ? "#8a94a6" : "#3a7d44"
      printf "<text x=\"%.1f\" y=\"%d\">%s %s%s</text>\n", left + width + 8, y + 19, value[i], \
        escaped(unit), note[i] == "" ? "" : ", " escaped(note[i])
    }
    print "</svg>"
  }'
