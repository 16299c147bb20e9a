/* SPDX-License-Identifier: Apache-2.0 */
/* cli/devices.c: `tragus devices`: lists the capture devices, and says for each whether it can be opened. */
#include "cli/devices.h"
#include "audio/devices.h"
#include "busjson/busjson.h"
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>

static const char usage[] = "Usage: tragus devices [OPTIONS]\n\n"
                            "Lists the capture devices of ALSA by the names that `device` in tragus.conf\n"
                            "takes. It opens each for a moment and says whether that works, and with which\n"
                            "rates and numbers of channels.\n"
                            "\n"
                            "      --json               print one JSON object per device\n"
                            "  -h, --help\n"
                            "\n"
                            "Exit codes: 0 a device can be opened, 1 none can.\n";

void devices_describe(const struct audio_offer *o, char *text, size_t size) {
    char rates[128] = "", range[32];
    size_t n = 0;

    for (size_t i = 0; i < o->n_rates; i++)
        n += (size_t)snprintf(rates + n, sizeof(rates) - n, "%s%u", i > 0 ? ", " : "", o->rates[i]);
    if (o->most_channels > o->least_channels)
        snprintf(range, sizeof(range), "%u to %u", o->least_channels, o->most_channels);
    else
        snprintf(range, sizeof(range), "%u", o->least_channels);
    snprintf(text, size, "%s%s%s channel%s; tragus takes %u Hz, %u channel%s", rates, *rates ? " Hz; " : "", range,
             o->most_channels > 1 ? "s" : "", o->rate, o->channels, o->channels > 1 ? "s" : "");
}

static void print_text(const struct audio_device *d) {
    char offer[256];

    devices_describe(&d->offer, offer, sizeof(offer));
    printf("%s\n    %s\n    %s: %s\n", d->device, d->description, d->code < 0 ? "cannot be opened" : "can be opened",
           d->code < 0 ? d->error.text : offer);
}

/* The reason in one word, for programs. */
static const char *state(int code) {
    switch (-code) {
    case 0:
        return "available";
    case EBUSY:
        return "busy";
    case EACCES:
        return "forbidden";
    case ENODEV:
        return "missing";
    default:
        return "unusable";
    }
}

static void print_json(const struct audio_device *d) {
    json_object *o = cli_json_new();
    busjson_add(o, "device", json_object_new_string(d->device));
    busjson_add(o, "description", json_object_new_string(d->description));
    busjson_add(o, "state", json_object_new_string(state(d->code)));
    if (d->code < 0) {
        busjson_add(o, "reason", json_object_new_string(d->error.text));
    } else {
        json_object *rates = json_object_new_array();
        for (size_t i = 0; i < d->offer.n_rates; i++)
            busjson_append(rates, json_object_new_int64(d->offer.rates[i]));
        busjson_add(o, "rates", rates);
        busjson_add(o, "least_channels", json_object_new_int64(d->offer.least_channels));
        busjson_add(o, "most_channels", json_object_new_int64(d->offer.most_channels));
        busjson_add(o, "rate", json_object_new_int64(d->offer.rate));
        busjson_add(o, "channels", json_object_new_int64(d->offer.channels));
    }
    cli_json_print(o);
}

int cli_devices(int argc, char **argv) {
    enum { JSON = 256 };
    static const struct option options[] = {{"json", no_argument, NULL, JSON}, {"help", no_argument, NULL, 'h'}, {0}};
    struct audio_device *devices;
    tragus_error e = {0};
    size_t n, n_open = 0;
    bool json = false;
    int option;

    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == JSON) {
            json = true;
        } else {
            return cli_other_option("devices", option, usage, argv);
        }
    }
    if (optind < argc)
        return cli_usage("devices", "unexpected argument %s", argv[optind]);

    if (audio_devices_list(&devices, &n, AUDIO_SOUND_FOLDER, &e) < 0) {
        cli_complain(e.file, e.line, e.column, e.text);
        return CLI_NEGATIVE;
    }
    for (size_t i = 0; i < n; i++) {
        n_open += devices[i].code == 0;
        if (json)
            print_json(&devices[i]);
        else
            print_text(&devices[i]);
    }
    audio_devices_free(devices, n);
    if (n == 0)
        cli_complain("", 0, 0, "ALSA knows no capture device; plug in a microphone, or load the driver of its card");
    return n_open > 0 ? CLI_OK : CLI_NEGATIVE;
}
