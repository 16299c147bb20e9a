/* SPDX-License-Identifier: Apache-2.0 */
/* Permissions, with the users and groups of this machine. */
#include "rig.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static sd_event *event;
static uid_t user;      /* neither root nor the user who runs this test */
static char group[128]; /* a group that the user is in */
static char other[128]; /* a group that the user is not in */

static bool is_in(const struct passwd *p, gid_t gid) {
    gid_t groups[256];
    int n = 256;
    if (getgrouplist(p->pw_name, p->pw_gid, groups, &n) < 0)
        return true;
    for (int i = 0; i < n; i++)
        if (groups[i] == gid)
            return true;
    return false;
}

static int make(void **state) {
    struct passwd *p;
    struct group *g;
    (void)state;
    while ((p = getpwent()) && !*group) {
        g = p->pw_uid != 0 && p->pw_uid != geteuid() ? getgrgid(p->pw_gid) : NULL;
        if (!g)
            continue;
        user = p->pw_uid;
        snprintf(group, sizeof(group), "%s", g->gr_name);
    }
    endpwent();
    p = *group ? getpwuid(user) : NULL;
    while (p && (g = getgrent()) && !*other)
        if (!is_in(p, g->gr_gid))
            snprintf(other, sizeof(other), "%s", g->gr_name);
    endgrent();
    if (!*group || !*other) {
        printf("skipped: this machine has no user beside root, or no two groups\n");
        exit(77);
    }
    rig_device("silence", NULL);
    return sd_event_new(&event);
}

static int unmake(void **state) {
    (void)state;
    sd_event_unref(event);
    return 0;
}

static struct service *serve(const char *listen_group, const char *admin_group) {
    struct service_options o;
    rig_options(&o);
    o.listen_group = listen_group;
    o.admin_group = admin_group;
    return rig_service(event, &o);
}

static void root_and_the_daemons_user_may_do_all(void **state) {
    struct service_caller c;
    (void)state;
    struct service *s = serve("", "");
    service_caller_init(s, &c, ":1.1", 0);
    assert_true(c.privileged);
    assert_string_equal(c.owner, ":1.1");
    assert_int_equal(service_may_listen(s, &c, NULL), 0);
    service_caller_init(s, &c, ":1.1", geteuid());
    assert_true(c.privileged);
    service_free(s);
}

static void members_of_a_group_may_listen(void **state) {
    struct service_caller c;
    tragus_error e = {0};
    (void)state;
    struct service *s = serve(group, other);
    service_caller_init(s, &c, ":1.1", user);
    assert_false(c.privileged);
    assert_int_equal(c.uid, user);
    assert_int_equal(service_may_listen(s, &c, &e), 0);
    service_free(s);
    s = serve(other, "");
    assert_int_equal(service_may_listen(s, &c, &e), -EPERM);
    assert_non_null(strstr(e.text, other)); /* and says how to fix it */
    service_free(s);
    s = serve("", "");
    assert_int_equal(service_may_listen(s, &c, &e), -EPERM);
    assert_non_null(strstr(e.text, "listen_group"));
    service_free(s);
    s = serve("no-such-group-here", "no-such-group-here");
    service_caller_init(s, &c, ":1.1", user);
    assert_false(c.privileged);
    assert_int_equal(service_may_listen(s, &c, &e), -EPERM);
    service_free(s);
}

static void members_of_another_may_administer(void **state) {
    struct service_caller c;
    (void)state;
    struct service *s = serve("", group);
    service_caller_init(s, &c, ":1.1", user);
    assert_true(c.privileged);
    assert_int_equal(service_may_listen(s, &c, NULL), 0);
    service_free(s);
}

static void members_of_a_third_may_set_lists(void **state) {
    struct service_options o;
    struct service_caller c;
    tragus_error e = {0};
    static const char lights[] =
        "language: en\nintents: {A: {data: [{sentences: [\"light {lamp}\"]}]}}\nlists: {lamp: {values: [desk]}}\n";
    static const tragus_list_value values[] = {{.in = "kettle"}};
    char *path = rig_file("lights.yaml", lights, strlen(lights));
    (void)state;
    for (int may = 0; may < 2; may++) {
        rig_options(&o);
        o.names_group = may ? group : other;
        struct service *s = rig_service(event, &o);
        service_caller_init(s, &c, ":1.1", user);
        assert_false(c.privileged);
        assert_int_equal(service_may_set_lists(s, &c), may);
        assert_int_equal(service_may_measure(s, &c), may);
        assert_int_equal(service_may_listen(s, &c, &e), -EPERM);
        assert_int_equal(service_grammar_load(s, "lights", (const char *[]){path}, 1, &e), 0);
        assert_int_equal(rig_set_list(s, event, &c, "lights", "lamp", values, 1, &e), may ? 0 : -EPERM);
        assert_int_equal(rig_add_grammar(s, event, &c, "lights", false, "stop\n", &(tragus_diagnostics){0}, &e), -EPERM);
        assert_int_equal(service_grammar_remove(s, &c, "lights", &e), -EPERM);
        service_free(s);
    }
    free(path);
}

static void a_user_who_is_not_known_has_no_rights(void **state) {
    struct service_caller c;
    tragus_error e = {0};
    uid_t nobody_knows = 3999999999u;
    (void)state;
    assert_null(getpwuid(nobody_knows));
    struct service *s = serve(group, group);
    service_caller_init(s, &c, ":1.1", nobody_knows);
    assert_false(c.privileged);
    assert_int_equal(service_may_listen(s, &c, &e), -EPERM);
    service_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(root_and_the_daemons_user_may_do_all),  cmocka_unit_test(members_of_a_group_may_listen),
        cmocka_unit_test(members_of_another_may_administer),     cmocka_unit_test(members_of_a_third_may_set_lists),
        cmocka_unit_test(a_user_who_is_not_known_has_no_rights),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
