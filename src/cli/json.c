/* SPDX-License-Identifier: Apache-2.0 */
/* cli/json.c: converts results to JSON with json-c. Times are integers; confidences have three decimals. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(json_object *o, const char *key, json_object *value) {
    json_object_object_add(o, key, value);
}

json_object *cli_json_confidence(double x) {
    json_object *o = json_object_new_double(x);
    json_object_set_serializer(o, json_object_double_to_json_string, (void *)"%.3f", NULL);
    return o;
}

/* Not as the grammar spells it: D-Bus carries the number alone, and both sides print the same. */
json_object *cli_json_real(double x) {
    char text[40];
    int precision = 15; /* digits that every number has; trailing zeros are not printed */
    do
        snprintf(text, sizeof(text) - 2, "%.*g", precision, x);
    while (strtod(text, NULL) != x && precision++ < 17);
    if (!strpbrk(text, ".en")) /* "20" would be an integer; inf and nan stay as they are */
        strcat(text, ".0");
    return json_object_new_double_s(x, text);
}

json_object *cli_json_value(const tragus_value *v) {
    switch (v->type) {
    case TRAGUS_TEXT:
        break;
    case TRAGUS_INTEGER:
        return json_object_new_int64(v->integer);
    case TRAGUS_REAL:
        return cli_json_real(v->real);
    case TRAGUS_BOOLEAN:
        return json_object_new_boolean(v->boolean);
    }
    return json_object_new_string(v->text);
}

json_object *cli_json_slots(const tragus_slot slots[], size_t n) {
    json_object *o = json_object_new_object();
    for (size_t i = 0; i < n; i++)
        if (!json_object_object_get_ex(o, slots[i].name, NULL))
            add(o, slots[i].name, cli_json_value(&slots[i].value));
    return o;
}

json_object *cli_json_words(const tragus_word words[], size_t n) {
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        json_object *o = json_object_new_object();
        add(o, "word", json_object_new_string(words[i].word));
        add(o, "start_ms", json_object_new_int64(words[i].start_ms));
        add(o, "end_ms", json_object_new_int64(words[i].end_ms));
        add(o, "confidence", cli_json_confidence(words[i].confidence));
        json_object_array_add(list, o);
    }
    return list;
}

void cli_json_print(json_object *o) {
    puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(o);
}
