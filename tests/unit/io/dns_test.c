/* SPDX-License-Identifier: Apache-2.0 */
/* dns_test.c: addresses of names. */
#include "sockets.h"

KIT_PROCESS_TEST(test_names_and_addresses_in_figures)
{
        kr_dns_addresses found;

        kit_ok(kr_dns_lookup("localhost", KR_FAMILY_INET, KIT_EXPECT_MS, &found));
        kit_uint_eq(found.count, 1);
        kit_str_eq(found.ip[0], "127.0.0.1");
        kit_ok(kr_dns_lookup("192.0.2.7", KR_FAMILY_ANY, 0, &found));
        kit_str_eq(found.ip[0], "192.0.2.7");
        kit_ok(kr_dns_lookup("::1", KR_FAMILY_INET6, 0, &found));
        kit_str_eq(found.ip[0], "::1");
}

KIT_PROCESS_TEST(test_what_is_no_name)
{
        kr_dns_addresses found;
        char long_name[2000];

        memset(long_name, 'a', sizeof(long_name));
        long_name[sizeof(long_name) - 1] = 0;
        kit_err(kr_dns_lookup("", KR_FAMILY_ANY, KIT_EXPECT_MS, &found), KR_ENXDOMAIN);
        kit_err(kr_dns_lookup(long_name, KR_FAMILY_ANY, KIT_EXPECT_MS, &found),
                KR_ENXDOMAIN);
}

static void looks_up(void)
{
        kr_dns_addresses found;

        kr_send(kr_self(), "go");
        (void)!kr_dns_lookup("localhost", KR_FAMILY_ANY, KR_INFINITY, &found);
}

/* Who is killed while it waits, or whose time is up, is not waited for: the lookup is. */
KIT_PROCESS_TEST(test_nobody_need_stay_until_it_is_answered)
{
        kr_dns_addresses found;

        for (int i = 0; i < 50; i++) {
                kr_pid pid = kr_spawn(looks_up);

                for (int k = 0; k < i % 5; k++)
                        kr_yield();
                kr_exit_signal(pid, "kill");
                kit_await_end(pid);
                kit_err(kr_dns_lookup("localhost", KR_FAMILY_ANY, 0, &found),
                        KR_ETIMEDOUT);
        }
}

static void many(void)
{
        kr_dns_addresses found;

        kit_ok(kr_dns_lookup("localhost", KR_FAMILY_INET, KR_INFINITY, &found));
}

KIT_PROCESS_TEST(test_many_at_once)
{
        kr_ref refs[40];

        for (int i = 0; i < 40; i++)
                kr_spawn_monitor(&refs[i], many);
        for (int i = 0; i < 40; i++)
                kit_expect_down(refs[i], "normal");
}

KIT_MAIN(KIT_CASE(test_names_and_addresses_in_figures), KIT_CASE(test_what_is_no_name),
         KIT_CASE(test_nobody_need_stay_until_it_is_answered),
         KIT_CASE(test_many_at_once))
