/* SPDX-License-Identifier: Apache-2.0 */
/* cli/busclient.h: what the verbs that talk to tragusd share. */
#ifndef TRAGUS_CLI_BUSCLIENT_H
#define TRAGUS_CLI_BUSCLIENT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

#define BUSCLIENT_NAME "org.tragus.Tragus1"
#define BUSCLIENT_PATH "/org/tragus/Tragus1"
#define BUSCLIENT_MANAGER "org.tragus.Manager1"
#define BUSCLIENT_SESSION "org.tragus.Session1"
#define BUSCLIENT_ENERGY "org.tragus.Energy1"

/* The options of all verbs that talk to tragusd, for getopt_long. */
enum { BUSCLIENT_USER = 1100, BUSCLIENT_ADDRESS };
#define BUSCLIENT_LONG                                            \
    {"user", no_argument, NULL, BUSCLIENT_USER}, {                \
        "bus-address", required_argument, NULL, BUSCLIENT_ADDRESS \
    }
/* Handles one of them. Returns true if it was one. */
bool busclient_option(const char **address, int option, const char *value);

/* address: "system", "session" or an address; NULL: the system bus, or the session bus if tragusd is only there. Prints errors;
 * returns CLI_OK or CLI_UNREACHABLE. */
int busclient_open(sd_bus **ret, const char *address);
/* The same without printing: returns a negative errno, which the next one explains. */
int busclient_connect(sd_bus **ret, const char *address);
void busclient_explain_connection(const char *address, int r, char *text, size_t size);

/* Prints "tragus: sentence" for a call that failed: the message of the daemon, or what to do if it does not answer. Returns
 * CLI_UNREACHABLE, CLI_DENIED, or the argument `otherwise` for an error that the daemon returned. */
int busclient_complain(const sd_bus_error *error, int r, int otherwise);
/* The same, but writes the sentence to text. */
int busclient_explain(const sd_bus_error *error, int r, int otherwise, char *text, size_t size);

/* Calls Properties.GetAll. Returns CLI_OK, or prints an error and returns another exit code. */
int busclient_properties(sd_bus *bus, const char *interface, json_object **ret);

/* A text of tragusd's answer; "" if it is missing, as for want of memory. */
const char *busclient_text(json_object *o, const char *key);

struct busclient_left_out { /* a part of a grammar, or a whole one */
    const char *grammar;
    bool is_error;  /* the whole grammar could not be loaded */
    char text[512]; /* with its place */
};
/* Reads an entry of the property LeftOut, or of what Reload returns. Its strings are the entry's. */
void busclient_left_out(struct busclient_left_out *ret, json_object *o);

#endif
