#include <string.h>

#include "net.h"

enum { kPresence = 0x04 };

static int count_route(void* user, const mehr_route* route) {
  CHECK(route->struct_size == sizeof *route && route->mtu >= 484 && route->ways >= 1);
  ++*(int*)user;
  return 0;
}
static int first_route(void* user, const mehr_route* route) {
  *(mehr_route*)user = *route;
  return 1;
}
static int count_neighbour(void* user, const mehr_neighbour* neighbour) {
  CHECK(neighbour->struct_size == sizeof *neighbour && neighbour->link != 0);
  ++*(int*)user;
  return 0;
}
static int first_neighbour(void* user, const mehr_neighbour* neighbour) {
  *(mehr_neighbour*)user = *neighbour;
  return 1;
}

/* spec: L1/4 to L1/6: alice reaches carol through bob, whom both know. */
void test_node(void) {
  net n;
  net_start(&n, 3);
  CHECK(net_hello(&n, 0, 2) == MEHR_E_NO_ROUTE); /* asks the neighbours, too */
  CHECK(mehr_node_seek(n.nodes[0], &n.ids[2]) == MEHR_E_DENIED);
  CHECK(mehr_node_seek(n.nodes[0], &n.ids[1]) == MEHR_OK);
  CHECK(mehr_node_max_body(n.nodes[0], &n.ids[2]) == 0);
  const int at_alice = net_join(&n, 0, 1, 0);
  net_join(&n, 1, 2, 0);
  net_pass(&n, 30000);
  CHECK(n.seen[0].events[MEHR_NODE_LINK_UP] == 1 && n.seen[1].events[MEHR_NODE_LINK_UP] == 2);
  const mehr_node_event up = n.seen[0].last[MEHR_NODE_LINK_UP];
  CHECK(same(&up.node, &n.ids[1], sizeof up.node) && up.link != 0);
  CHECK(up.medium == n.ends[at_alice].medium && up.why == 0 && up.text == NULL);
  CHECK(n.seen[0].events[MEHR_NODE_ROUTE_APPEARED] == 2);
  const mehr_node_event route = n.seen[0].last[MEHR_NODE_ROUTE_APPEARED];
  CHECK(same(&route.node, &n.ids[2], 16) && same(&route.next_hop, &n.ids[1], 16));

  CHECK(net_hello(&n, 0, 2) == MEHR_OK);
  CHECK(net_hello(&n, 1, 0) == MEHR_OK);
  CHECK(net_hello(&n, 1, 1) == MEHR_OK);
  net_settle(&n);
  for (int i = 0; i < 3; ++i) {
    CHECK(n.seen[i].messages == 1 && n.seen[i].context == kContext);
    CHECK(n.seen[i].size == 6 && same(n.seen[i].body, "hello", 5));
  }
  CHECK(net_counter(&n, 1, "l1.forwarded") == 1 && net_counter(&n, 2, "l1.delivered") == 1);
  CHECK(net_counter(&n, 2, "l1.no_handler") == 0);

  --n.hellos; /* once more the same bytes: a double */
  CHECK(net_hello(&n, 1, 1) == MEHR_OK && net_hello(&n, 0, 2) == MEHR_OK);
  --n.hellos;
  CHECK(net_hello(&n, 0, 2) == MEHR_OK);
  net_settle(&n);
  CHECK(n.seen[2].messages == 2 && net_counter(&n, 1, "l1.duplicate") == 1);

  CHECK(mehr_node_on_message(n.nodes[2], kContext, NULL, NULL) == MEHR_OK);
  CHECK(net_hello(&n, 0, 2) == MEHR_OK);
  net_settle(&n);
  CHECK(n.seen[2].messages == 2 && net_counter(&n, 2, "l1.no_handler") == 1);
  net_stop(&n);
}

/* spec: L1/5. What is known of a path, a route, a link, a node. */
void test_node_views(void) {
  net n;
  net_start(&n, 3);
  const uint8_t tlvs[] = {kPresence, 4, 1, 0, 2, 3};
  CHECK(mehr_node_set_tlvs(n.nodes[2], VIEW(tlvs)) == MEHR_OK);
  net_join(&n, 0, 1, 0);
  net_join(&n, 1, 2, 1500);
  net_pass(&n, 30000);
  const mehr_path far = net_path(&n, 0, 2);
  CHECK(same(&far.next_hop, &n.ids[1], 16) && far.hops == 1 && far.fresh == 1);
  CHECK(far.mtu >= 1400 && far.mtu <= 1500 && far.cost == 0 && far.age_ms <= 30000);
  CHECK(far.bandwidth_bps > 900000000 && far.reserved == 0);
  const mehr_path near = net_path(&n, 0, 1);
  CHECK(near.hops == 0 && near.mtu > far.mtu && same(&near.next_hop, &n.ids[1], 16));
  const size_t room = mehr_node_max_body(n.nodes[0], &n.ids[2]);
  CHECK(room > 400 && room < 1500);
  CHECK(mehr_node_max_body(n.nodes[0], &n.ids[0]) == mehr_l1_body_bytes());

  int routes = 0;
  int links = 0;
  CHECK(mehr_node_routes(n.nodes[1], count_route, &routes) == MEHR_OK && routes == 2);
  CHECK(mehr_node_links(n.nodes[1], count_neighbour, &links) == MEHR_OK && links == 2);
  mehr_route route;
  mehr_neighbour link;
  CHECK(mehr_node_routes(n.nodes[2], first_route, &route) == MEHR_OK);
  CHECK(mehr_node_links(n.nodes[2], first_neighbour, &link) == MEHR_OK);
  CHECK(same(&link.peer, &n.ids[1], 16) && link.role == MEHR_ROLE_RESPONDER);
  CHECK(link.mtu == 1500 && link.since_ms == 1000000 && link.gossip_bytes > 0);
  CHECK(link.medium == n.ends[3].medium && link.conduct == 0 && link.half_duplex == 0);
  CHECK(link.features == (MEHR_FEATURE_L1_RELAY | MEHR_FEATURE_GOSSIP));
  CHECK(route.link == link.link && same(&route.next_hop, &n.ids[1], 16) && route.fresh == 1);
  CHECK(route.emitted >= 1700000000000U + 1000000);

  mehr_public_key key;
  mehr_public_key carol;
  CHECK(mehr_identity_public_key(n.identities[2], &carol) == MEHR_OK);
  CHECK(mehr_node_key_of(n.nodes[0], &n.ids[2], &key) == MEHR_OK && same(&key, &carol, 32));
  uint8_t data[8] = {0};
  size_t size = 0;
  CHECK(mehr_node_tlv(n.nodes[0], &n.ids[2], kPresence, ROOM(data), &size) == MEHR_OK);
  CHECK(size == 4 && same(data, tlvs + 2, 4));
  CHECK(mehr_node_tlv(n.nodes[0], &n.ids[2], kPresence, kQuery, &size) == MEHR_OK && size == 4);
  CHECK(mehr_node_tlv(n.nodes[0], &n.ids[2], kPresence, (mehr_buf){data, 3}, &size) ==
        MEHR_E_TOO_BIG);
  CHECK(mehr_node_tlv(n.nodes[0], &n.ids[2], 0x05, ROOM(data), &size) == MEHR_E_NOT_FOUND);
  CHECK(mehr_node_tlv(n.nodes[0], &n.ids[0], kPresence, ROOM(data), &size) == MEHR_E_NOT_FOUND);
  const mehr_id nobody = {{9}};
  mehr_path path = MEHR_PATH_INIT;
  CHECK(mehr_node_key_of(n.nodes[0], &nobody, &key) == MEHR_E_NO_KEY);
  CHECK(mehr_node_path(n.nodes[0], &n.ids[0], NULL, &path) == MEHR_E_NO_ROUTE);
  net_stop(&n);
}

/* spec: L1/5, L1/6.2. Routes change and go, links go, queues fill, packets are too small. */
void test_node_events(void) {
  net n;
  net_start(&n, 3);
  const int direct = net_join(&n, 0, 2, 0);
  net_join(&n, 0, 1, 0);
  const int behind = net_join(&n, 1, 2, 484);
  net_pass(&n, 30000);
  CHECK(net_path(&n, 0, 2).hops == 0);
  net_cut(&n, direct);
  net_pass(&n, 30000);
  const mehr_node_event down = n.seen[0].last[MEHR_NODE_LINK_DOWN];
  CHECK(n.seen[0].events[MEHR_NODE_LINK_DOWN] == 1 && down.reason == MEHR_CLOSE_MEDIUM_LOST);
  CHECK(same(&down.node, &n.ids[2], 16) && down.medium != 0 && down.link != 0);
  CHECK(net_path(&n, 0, 2).hops == 1 && n.seen[0].events[MEHR_NODE_ROUTE_LOST] == 0);
  const mehr_node_event changed = n.seen[0].last[MEHR_NODE_ROUTE_CHANGED];
  CHECK(n.seen[0].events[MEHR_NODE_ROUTE_CHANGED] >= 1 && same(&changed.node, &n.ids[2], 16));
  CHECK(same(&changed.next_hop, &n.ids[1], 16));

  mehr_send_opts opts = MEHR_SEND_OPTS_INIT;
  opts.min_mtu = 4096;
  uint8_t body[100] = {1};
  CHECK(mehr_node_send(n.nodes[0], &n.ids[2], kContext, VIEW(body), &opts) == MEHR_OK);
  net_settle(&n);
  const mehr_node_event violation = n.seen[0].last[MEHR_NODE_VIOLATION];
  CHECK(n.seen[0].events[MEHR_NODE_VIOLATION] == 1 && n.seen[2].size == sizeof body);
  CHECK(violation.mtu == 4096 && violation.best_mtu <= 484 && violation.best_mtu > 400);

  /* A full medium: what the node queues is bounded too, then it says so. */
  end* narrow = &n.ends[behind + 1];
  narrow->full = 1;
  mehr_status sent = MEHR_OK;
  int taken = 0;
  while (taken < 100000 && sent == MEHR_OK) {
    body[1] = (uint8_t)taken;
    body[2] = (uint8_t)(taken >> 8);
    sent = mehr_node_send(n.nodes[2], &n.ids[1], kContext, VIEW(body), NULL);
    taken += sent == MEHR_OK;
  }
  CHECK(sent == MEHR_E_FULL && taken > 2 && n.seen[2].events[MEHR_NODE_WRITABLE] == 0);
  narrow->full = 0;
  CHECK(mehr_node_writable(n.nodes[2], narrow->medium) == MEHR_OK);
  net_pass(&n, 60000);
  CHECK(n.seen[2].events[MEHR_NODE_WRITABLE] == 1 && n.seen[1].messages == taken);

  net_cut(&n, behind);
  net_pass(&n, 5000000); /* the last route over nothing ages away */
  CHECK(n.seen[2].events[MEHR_NODE_ROUTE_LOST] >= 1);
  CHECK(net_hello(&n, 2, 0) == MEHR_E_NO_ROUTE);
  net_stop(&n);
}

/* spec: L1/7 */
void test_node_probe(void) {
  net n;
  net_start(&n, 3);
  mehr_probe_report found = MEHR_PROBE_REPORT_INIT;
  CHECK(mehr_node_probe(n.nodes[0], &n.ids[2], 100) == MEHR_E_NO_ROUTE);
  CHECK(mehr_node_search_mtu(n.nodes[0], &n.ids[2]) == MEHR_E_NO_ROUTE);
  net_join(&n, 0, 1, 0);
  const int behind = net_join(&n, 1, 2, 1500);
  CHECK(mehr_node_probed(n.nodes[0], &n.ids[2], &found) == MEHR_E_NOT_FOUND);
  net_pass(&n, 30000);
  CHECK(mehr_node_probe(n.nodes[0], &n.ids[2], 31) == MEHR_E_BAD_VALUE);
  CHECK(mehr_node_probe(n.nodes[0], &n.ids[2], 4097) == MEHR_E_BAD_VALUE);
  REQUIRE(mehr_node_probe(n.nodes[0], &n.ids[2], 1000) == MEHR_OK);
  CHECK(mehr_node_probe(n.nodes[0], &n.ids[2], 1000) == MEHR_E_WRONG_STATE);
  net_settle(&n);
  const mehr_node_event answer = n.seen[0].last[MEHR_NODE_PROBE_ANSWERED];
  CHECK(n.seen[0].events[MEHR_NODE_PROBE_ANSWERED] == 1 && answer.mtu == 1000);
  CHECK(same(&answer.node, &n.ids[2], 16));
  CHECK(mehr_node_probe(n.nodes[0], &n.ids[2], 1000) == MEHR_E_DENIED);
  net_pass(&n, 1000);
  REQUIRE(mehr_node_probed(n.nodes[0], &n.ids[2], &found) == MEHR_OK);
  CHECK(found.answered == 1 && found.failed == 0 && found.largest_passed == 1000);
  CHECK(found.smallest_failed == 0 && found.age_ms == 1000 && found.responder_mtu == 1500);
  CHECK(net_counter(&n, 1, "l1.probes_passed") == 1);

  n.ends[behind].cut = 1;
  net_pass(&n, 60000);
  CHECK(mehr_node_probe(n.nodes[0], &n.ids[2], 900) == MEHR_OK);
  net_pass(&n, 10000);
  CHECK(n.seen[0].events[MEHR_NODE_PROBE_FAILED] == 1);
  CHECK(n.seen[0].last[MEHR_NODE_PROBE_FAILED].mtu == 900);
  n.ends[behind].cut = 0;

  CHECK(mehr_node_search_mtu(n.nodes[0], &n.ids[1]) == MEHR_OK);
  CHECK(mehr_node_search_mtu(n.nodes[0], &n.ids[1]) == MEHR_E_WRONG_STATE);
  net_pass(&n, 1200000);
  CHECK(n.seen[0].events[MEHR_NODE_SEARCH_FINISHED] == 1);
  CHECK(n.seen[0].last[MEHR_NODE_SEARCH_FINISHED].mtu == 4096);
  REQUIRE(mehr_node_probed(n.nodes[0], &n.ids[1], &found) == MEHR_OK);
  CHECK(found.searched == 1 && found.searching == 0 && found.largest_passed == 4096);
  net_stop(&n);
}

/* spec: L1/8 */
void test_node_reserve(void) {
  net n;
  net_start(&n, 3);
  mehr_reservation_order order = MEHR_RESERVATION_ORDER_INIT;
  mehr_reservation key;
  CHECK(mehr_node_reserve(n.nodes[0], &n.ids[2], &order, &key) == MEHR_E_BAD_VALUE);
  order.estimated_bytes = 2 * 1048576;
  CHECK(mehr_node_reserve(n.nodes[0], &n.ids[2], &order, &key) == MEHR_E_NO_ROUTE);
  net_join(&n, 0, 1, 0);
  net_join(&n, 1, 2, 0);
  net_pass(&n, 30000);
  REQUIRE(mehr_node_reserve(n.nodes[0], &n.ids[2], &order, &key) == MEHR_OK);
  net_pass(&n, 5000);
  const mehr_node_event news = n.seen[0].last[MEHR_NODE_RESERVATION_COMMITTED];
  CHECK(n.seen[0].events[MEHR_NODE_RESERVATION_COMMITTED] >= 1 && news.rate_bps > 0);
  CHECK(same(&news.reservation, &key, sizeof key) && news.cost == 0);
  CHECK(mehr_node_release(n.nodes[0], &key, 0) == MEHR_OK);
  CHECK(mehr_node_release(n.nodes[0], &key, 0) == MEHR_E_NOT_FOUND);
  CHECK(n.seen[0].events[MEHR_NODE_RESERVATION_ENDED] == 0);

  /* Without data it ends by itself. */
  REQUIRE(mehr_node_reserve(n.nodes[0], &n.ids[2], &order, &key) == MEHR_OK);
  net_pass(&n, 120000);
  CHECK(n.seen[0].events[MEHR_NODE_RESERVATION_ENDED] == 1);
  CHECK(same(&n.seen[0].last[MEHR_NODE_RESERVATION_ENDED].reservation, &key, sizeof key));
  net_stop(&n);
}

/* A silent node is a neighbour only, and an announce goes as far as it may. spec: L1/4 */
void test_node_announcing(void) {
  net n;
  net_start(&n, 3);
  CHECK(mehr_node_set_announcing(n.nodes[0], 0) == MEHR_OK);
  CHECK(mehr_node_set_max_hops(n.nodes[2], 1) == MEHR_OK);
  net_join(&n, 0, 1, 0);
  net_join(&n, 1, 2, 0);
  net_pass(&n, 60000);
  CHECK(net_hello(&n, 2, 0) == MEHR_E_NO_ROUTE || net_path(&n, 2, 0).fresh == 0);
  CHECK(net_hello(&n, 1, 0) == MEHR_OK);
  CHECK(net_counter(&n, 0, "l1.announces_stored") == 1); /* bob's, not carol's */
  net_settle(&n);
  CHECK(n.seen[0].messages == 1);
  CHECK(mehr_node_announce_now(n.nodes[0]) == MEHR_OK);
  net_pass(&n, 30000);
  CHECK(net_path(&n, 2, 0).hops == 1 && net_hello(&n, 2, 0) == MEHR_OK);
  net_settle(&n);
  CHECK(n.seen[0].messages == 2);
  net_stop(&n);
}

/* Every policy is taken, with or without a body. spec: L1/6.1 */
void test_node_policies(void) {
  net n;
  net_start(&n, 2);
  net_join(&n, 0, 1, 0);
  net_pass(&n, 30000);
  mehr_send_opts opts = MEHR_SEND_OPTS_INIT;
  mehr_path path = MEHR_PATH_INIT;
  for (opts.policy = 0; opts.policy <= MEHR_POLICY_LARGEST_MTU; ++opts.policy) {
    CHECK(mehr_node_path(n.nodes[0], &n.ids[1], &opts, &path) == MEHR_OK);
    const uint8_t body = (uint8_t)opts.policy;
    CHECK(mehr_node_send(n.nodes[0], &n.ids[1], kContext, (mehr_bytes){&body, 1}, &opts) ==
          MEHR_OK);
  }
  CHECK(mehr_node_path(n.nodes[0], &n.ids[1], &opts, &path) == MEHR_E_INVALID);
  opts.policy = MEHR_POLICY_BALANCED;
  opts.cost_weight = UINT32_MAX;
  opts.reliability_weight = 1;
  opts.flags = MEHR_SEND_PAD_TO_MTU;
  CHECK(mehr_node_send(n.nodes[0], &n.ids[1], kContext, (mehr_bytes){NULL, 0}, &opts) == MEHR_OK);
  opts.policy = MEHR_POLICY_FASTEST;
  CHECK(mehr_node_path(n.nodes[0], &n.ids[1], &opts, &path) == MEHR_E_INVALID);
  opts.cost_weight = opts.reliability_weight = 0;
  opts.flags = 2;
  CHECK(mehr_node_path(n.nodes[0], &n.ids[1], &opts, &path) == MEHR_E_UNSUPPORTED);
  net_settle(&n);
  CHECK(n.seen[1].messages == 6 && n.seen[1].size == 0);
  net_stop(&n);
}
