/* SPDX-License-Identifier: Apache-2.0 */
/* krarup.h: all of Krarup's public headers. */
#ifndef KRARUP_H
#define KRARUP_H

#include <krarup/application.h>
#include <krarup/arith.h>
#include <krarup/base.h>
#include <krarup/behaviour.h>
#include <krarup/dns.h>
#include <krarup/code.h>
#include <krarup/change.h>
#include <krarup/etf.h>
#include <krarup/fields.h>
#include <krarup/file.h>
#include <krarup/gen.h>
#include <krarup/gen_event.h>
#include <krarup/gen_server.h>
#include <krarup/gen_statem.h>
#include <krarup/global.h>
#include <krarup/io.h>
#include <krarup/link.h>
#include <krarup/loop.h>
#include <krarup/logger.h>
#include <krarup/memory.h>
#include <krarup/message.h>
#include <krarup/module.h>
#include <krarup/node.h>
#include <krarup/os_signal.h>
#include <krarup/pattern.h>
#include <krarup/port.h>
#include <krarup/proc_lib.h>
#include <krarup/process.h>
#include <krarup/registry.h>
#include <krarup/supervisor.h>
#include <krarup/supervisor_bridge.h>
#include <krarup/sys.h>
#include <krarup/tcp.h>
#include <krarup/term.h>
#include <krarup/text.h>
#include <krarup/timer.h>
#include <krarup/timer_server.h>
#include <krarup/tty.h>
#include <krarup/upgrade.h>

#endif
