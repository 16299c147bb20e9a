/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/busclient.h"
#include "base/utf8.h"
#include "busaddress/busaddress.h"
#include "busjson/busjson.h"
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool answers(sd_bus *bus) {
    return sd_bus_get_name_creds(bus, BUSCLIENT_NAME, 0, NULL) >= 0;
}

bool busclient_option(const char **address, int option, const char *value) {
    if (option != BUSCLIENT_USER && option != BUSCLIENT_ADDRESS)
        return false;
    *address = option == BUSCLIENT_USER ? "session" : value;
    return true;
}

int busclient_connect(sd_bus **ret, const char *address) {
    sd_bus *other;

    int r = busaddress_open(ret, address ? address : "system");
    if (!address && (r < 0 || !answers(*ret)) && busaddress_open(&other, "session") >= 0) {
        if (r < 0 || answers(other)) {
            if (r >= 0)
                sd_bus_flush_close_unref(*ret);
            *ret = other;
            return 0;
        }
        sd_bus_flush_close_unref(other);
    }
    return r < 0 ? r : 0;
}

void busclient_explain_connection(const char *address, int r, char *text, size_t size) {
    if (!address || strcmp(address, "system") == 0)
        snprintf(text, size,
                 "cannot connect to the system bus: %s; start it (systemctl start dbus), or use another bus (--user, "
                 "--bus-address)",
                 strerror(-r));
    else if (strcmp(address, "session") == 0)
        snprintf(text, size, "cannot connect to the session bus: %s; log in as a user who has one, or use --bus-address",
                 r == -ENOMEDIUM ? "this user has none" : strerror(-r));
    else
        snprintf(text, size, "cannot connect to the bus %s: %s; name one that runs, such as unix:path=/run/dbus/system_bus_socket",
                 address, strerror(-r));
}

int busclient_open(sd_bus **ret, const char *address) {
    char text[512];

    int r = busclient_connect(ret, address);
    if (r >= 0)
        return CLI_OK;
    busclient_explain_connection(address, r, text, sizeof(text));
    cli_complain("", 0, 0, text);
    return CLI_UNREACHABLE;
}

int busclient_explain(const sd_bus_error *error, int r, int otherwise, char *text, size_t size) {
    if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
        sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
        snprintf(text, size, "tragusd is not running on this bus; start it (systemctl start tragus), or use another bus (--user)");
        return CLI_UNREACHABLE;
    }
    if (sd_bus_error_is_set(error) && strncmp(error->name, "org.tragus.", 11) == 0) {
        snprintf(text, size, "%s", error->message);
        return sd_bus_error_has_name(error, "org.tragus.Error.NotAuthorized") ? CLI_DENIED : otherwise;
    }
    snprintf(text, size, "tragusd returned an error: %s",
             sd_bus_error_is_set(error) && error->message ? error->message : strerror(-r));
    return sd_bus_error_has_name(error, SD_BUS_ERROR_INVALID_ARGS) ? otherwise : CLI_UNREACHABLE;
}

int busclient_complain(const sd_bus_error *error, int r, int otherwise) {
    char text[1024];
    int result = busclient_explain(error, r, otherwise, text, sizeof(text));
    cli_complain("", 0, 0, text);
    return result;
}

int busclient_properties(sd_bus *bus, const char *interface, json_object **ret) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    int result = CLI_OK;

    int r = sd_bus_call_method(bus, BUSCLIENT_NAME, BUSCLIENT_PATH, "org.freedesktop.DBus.Properties", "GetAll", &error, &reply,
                               "s", interface);
    if (r < 0)
        result = busclient_complain(&error, r, CLI_UNREACHABLE);
    else
        *ret = busjson_value(reply);
    sd_bus_message_unref(reply);
    sd_bus_error_free(&error);
    return result;
}

const char *busclient_text(json_object *o, const char *key) {
    const char *text = json_object_get_string(json_object_object_get(o, key));
    return text ? text : "";
}

void busclient_left_out(struct busclient_left_out *ret, json_object *o) {
    tragus_error place = {.line = json_object_get_int(json_object_object_get(o, "line")),
                          .column = json_object_get_int(json_object_object_get(o, "column"))};

    snprintf(place.file, sizeof(place.file), "%s", busclient_text(o, "file"));
    snprintf(place.text, sizeof(place.text), "%s", busclient_text(o, "text"));
    ret->grammar = busclient_text(o, "grammar");
    ret->is_error = json_object_get_int(json_object_object_get(o, "severity")) >= TRAGUS_ERROR;
    (void)base_error_format(&place, ret->text, sizeof(ret->text));
    base_utf8_mend(ret->text);
    base_utf8_hide_controls(ret->text); /* the file is named by whoever has added the grammar */
}
