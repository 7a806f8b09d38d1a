/* SPDX-License-Identifier: Apache-2.0 */
/* node: a program that is the counter, until SIGTERM or Ctrl-C.
 *      build/counters/counter_node -pa counters/application -counter env 5 */
#include "counter_app.h"

int main(int argc, char **argv)
{
        return kr_main(argc, argv, &counter_app);
}
