// Every mistake in a scenario file: which line, and what is said about it.
#include <catch2/catch.hpp>
#include <string>

#include "mehr/sim/scenario.h"
#include "mistakes.h"

using namespace mehr;
using namespace mehr::sim;

namespace {

std::string mistake(const std::string& toml) {
  return mistake_in(parse_scenario(toml, "s.toml", 1));
}

// From line 2 on, in a scenario of the nodes n0 to n3.
std::string more(const std::string& rest) {
  return mistake("topology = { shape = 'line', nodes = 4, media = 'tcp' }\n" + rest);
}

// One [[fault]] on line 2, in five minutes of faults.
std::string fault(const std::string& keys) { return more("[[fault]]\n" + keys); }

std::string topology(const std::string& keys) { return mistake("[topology]\n" + keys); }

}  // namespace

TEST_CASE("sim scenario file: mistakes of TOML itself", "[sim][scenario-file]") {
  CHECK(mistake("name = \"a\"\nduration 5").substr(0, 27) == "s.toml:2: this is not TOML:");
  CHECK(mistake("name = 'a'\nname = 'b'").substr(0, 27) == "s.toml:2: this is not TOML:");
  CHECK(mistake("\xff\xfe").substr(0, 27) == "s.toml:1: this is not TOML:");
  std::string deep = "a = ";
  deep.append(40, '[').append(40, ']');
  CHECK(mistake(deep) == "s.toml:1: lists and tables nest more than 32 deep; no format here does");
}

TEST_CASE("sim scenario file: mistakes of the whole", "[sim][scenario-file]") {
  CHECK(mistake("") ==
        "s.toml: a scenario needs a [topology], such as shape = \"line\", nodes = 3, media = "
        "\"tcp\"");
  CHECK(more("sed = 7") == "s.toml:2: unknown key \"sed\" of a scenario; did you mean \"seed\"?");
  CHECK(more("seed = -1") ==
        "s.toml:2: \"seed\" is -1; it must be a number such as 7 or 0x5eed; from 2^63 on a text, "
        "\"0x8000000000000000\"");
  CHECK(more("name = 2020-01-01") == "s.toml:2: \"name\" is a date or time; it must be a text");
  CHECK(more("duration = '5 minutes'") ==
        "s.toml:2: \"duration\" is \"5 minutes\"; it must be a time from 0s to 3650d, such as "
        "\"1h30m\", \"250ms\" or a number of seconds");
  CHECK(more("settle = nan").substr(0, 26) == "s.toml:2: \"settle\" is nan;");
  CHECK(more("real_limit = '5ms'") ==
        "s.toml:2: \"real_limit\" is \"5ms\"; it must be a time from 1s to 3650d, such as "
        "\"1h30m\", \"250ms\" or a number of seconds");
  // The first one in the file is told.
  CHECK(more("settle = true\nabout = 3").substr(0, 18) == "s.toml:2: \"settle\"");
}

TEST_CASE("sim scenario file: mistakes of topologies", "[sim][scenario-file]") {
  CHECK(topology("announcers = 1") ==
        "s.toml:1: [topology] needs a \"shape\", a \"file\", or a list of \"nodes\"");
  CHECK(topology("shape = 'circle'\nnodes = 3") ==
        "s.toml:2: \"shape\" is \"circle\"; known are line, ring, grid, star_of_stars, "
        "random_geometric, watts_strogatz, kleinberg, ring_of_ids, scale_free");
  CHECK(topology("shape = 3") ==
        "s.toml:2: \"shape\" is 3; it must be one of line, ring, grid, star_of_stars, "
        "random_geometric, watts_strogatz, kleinberg, ring_of_ids, scale_free");
  CHECK(topology("shape = 'random-geometric'") ==
        "s.toml:2: \"shape\" is \"random-geometric\"; did you mean \"random_geometric\"?");
  CHECK(topology("shape = 'ring'\nmedia = 'tcp'") ==
        "s.toml:1: the shape \"ring\" needs \"nodes\"; it has nodes, media");
  CHECK(topology("shape = 'ring'\nnodes = 3\nmedia = 'tcp'\ndegree = 4") ==
        "s.toml:5: the shape \"ring\" has no \"degree\"; it has nodes, media");
  CHECK(topology("shape = 'ring'\nnode = 3\nmedia = 'tcp'") ==
        "s.toml:3: unknown key \"node\" of [topology]; did you mean \"nodes\"?");
  CHECK(topology("shape = 'ring'\nnodes = 3\nmedia = 'wfi'") ==
        "s.toml:4: no medium is called \"wfi\"; did you mean \"wifi\"?");
  CHECK(topology("shape = 'ring'\nnodes = 100001\nmedia = 'tcp'") ==
        "s.toml:3: \"nodes\" is 100001; it must be a whole number from 1 to 100000");
  CHECK(topology("shape = 'grid'\nwidth = 1000\nheight = 1000\nmedia = 'tcp'") ==
        "s.toml:1: that makes 1000000 nodes; a topology has 100000 at most");
  CHECK(topology("shape = 'random_geometric'\nnodes = 5\ndegree = 5\nmedia = 'tcp'") ==
        "s.toml:1: a mean degree of 5 needs more than 5 nodes: nobody has more links than others");
  CHECK(topology("shape = 'random_geometric'\nnodes = 100000\ndegree = 21\nmedia = 'tcp'") ==
        "s.toml:1: that makes 1050000 links; a topology has 1000000 at most");
  CHECK(topology("shape = 'watts_strogatz'\nnodes = 9\ndegree = 3\nrewired = 0\nmedia = 'tcp'") ==
        "s.toml:1: the \"degree\" of watts_strogatz is an even number from 2 on and less than "
        "\"nodes\", not 3");
  CHECK(topology("shape = 'ring'\nnodes = 3\nmedia = 'tcp'\nannouncers = 4") ==
        "s.toml:5: \"announcers\" is 4; it must be a whole number from 0 to 3");
  CHECK(topology("file = 'nowhere.json'") ==
        "s.toml:2: \"nowhere.json\" cannot be read: there is no such file");
  CHECK(topology("file = 'nowhere.json'\nnodes = 3") ==
        "s.toml:3: unknown key \"nodes\" of a [topology] from a file; known are file, announcers");
  CHECK(topology("nodes = [{ name = 'a' }]\nlinks = [{ a = 'a', b = 'c', media = 'tcp' }]") ==
        "s.toml:3: no node is called \"c\"; there are a");
  CHECK(mistake("[media.x]\nlike = 'tcp'\nlos = 1\n[topology]\nshape = 'line'\nnodes = 1\n"
                "media = 'x'") ==
        "s.toml:3: unknown key \"los\" of a medium; did you mean \"loss\"?");
}

TEST_CASE("sim scenario file: mistakes of nodes", "[sim][scenario-file]") {
  CHECK(more("[[node]]\nname = 'n7'\nskew_ppm = 1") ==
        "s.toml:2: no node is called \"n7\"; did you mean \"n0\"?");
  CHECK(more("[[node]]\nname = 'n1'\nlat = 1\nlon = 1") ==
        "s.toml:2: a [[node]] is moved in metres, \"x\" and \"y\", not in degrees");
  CHECK(more("[node]\nname = 'n1'") == "s.toml:2: each node is a table of its own, under [[node]]");
}

TEST_CASE("sim scenario file: mistakes of options and expectations", "[sim][scenario-file]") {
  CHECK(more("[options]\nlimit = 3") ==
        "s.toml:3: unknown key \"limit\" of [options]; did you mean \"limits\"?");
  CHECK(more("[options]\nround = 0") ==
        "s.toml:3: \"round\" is 0; it must be a time from 1ms to 3650d, such as \"1h30m\", "
        "\"250ms\" or a number of seconds");
  CHECK(more("[options]\nplants = ['l1.hop_limits']") ==
        "s.toml:3: \"plants\" is \"l1.hop_limits\"; did you mean \"l1.hop_limit\"?");
  CHECK(more("[options]\nplants = 'l1.hop_limit'") ==
        "s.toml:3: \"plants\" is \"l1.hop_limit\"; it must be a list");
  CHECK(more("[expect]\nconverge = true") ==
        "s.toml:3: unknown key \"converge\" of [expect]; did you mean \"converged\"?");
  CHECK(more("[expect]\nlinked = 1") == "s.toml:3: \"linked\" is 1; it must be true or false");
  CHECK(more("[faults]\ncrash = 1") ==
        "s.toml:3: unknown key \"crash\" of [faults]; did you mean \"crashes\"?");
  CHECK(more("[faults]\ncuts = -1") ==
        "s.toml:3: \"cuts\" is -1; it must be a whole number from 0 to 10000");
}

TEST_CASE("sim scenario file: mistakes of programs", "[sim][scenario-file]") {
  CHECK(more("[[program]]\nkind = 'file'") ==
        "s.toml:2: a program needs a \"kind\" and the \"node\" it runs on");
  CHECK(more("[[program]]\nkind = 'file'\nnode = 'm0'") ==
        "s.toml:4: no node is called \"m0\"; did you mean \"n0\"?");
  CHECK(more("[[program]]\nkind = 'file'\nnode = 'n0'\nto = ['n1']") ==
        "s.toml:5: \"to\" is a list; it must be a text, a number, true or false");
}

TEST_CASE("sim scenario file: mistakes of faults", "[sim][scenario-file]") {
  CHECK(fault("kind = 'crash'\nnode = 'n0'") ==
        "s.toml:2: a fault needs a \"kind\" and a time \"at\"");
  CHECK(fault("kind = 'crsh'\nat = 1") ==
        "s.toml:3: \"kind\" is \"crsh\"; did you mean \"crash\"?");
  CHECK(fault("kind = 'crash'\nat = 1") ==
        "s.toml:2: a fault of the kind \"crash\" needs \"node\"; it has kind, at, node, for");
  CHECK(fault("kind = 'crash'\nat = 1\nnode = 'n0'\npeer = 'n1'") ==
        "s.toml:2: a fault of the kind \"crash\" has no \"peer\"; it has kind, at, node, for");
  CHECK(fault("kind = 'clock-jump'\nat = 1\nnode = 'n0'\namount = 5\nfor = 5") ==
        "s.toml:2: a fault of the kind \"clock-jump\" has no \"for\"; it has kind, at, node, "
        "amount");
  CHECK(fault("kind = 'cut'\nat = 1\nnode = 'n0'") ==
        "s.toml:2: a fault of the kind \"cut\" needs \"peer\"; it has kind, at, node, peer, for");
  CHECK(fault("kind = 'cut'\nat = 1\nnode = 'n0'\npeer = 'n0'") ==
        "s.toml:2: \"node\" and \"peer\" are both \"n0\"; they are two nodes");
  CHECK(fault("kind = 'crash'\nat = 1\nnode = 'x'") ==
        "s.toml:2: no node is called \"x\"; there are n0, n1, n2, n3");
  CHECK(fault("kind = 'crash'\nat = '6min'\nnode = 'n0'") ==
        "s.toml:2: the fault comes at 6min, after the phase of faults: \"duration\" is 5min");
  CHECK(fault("kind = 'read-errors'\nat = 1\nnode = 'n0'\namount = 1001") ==
        "s.toml:6: \"amount\" is 1001; it must be a whole number from 1 to 1000");
  CHECK(fault("kind = 'byzantine'\nat = 1\nnode = 'n0'\nbehaviour = 'forge'") ==
        "s.toml:6: \"behaviour\" is \"forge\"; did you mean \"forges\"?");
  CHECK(fault("kind = 'partition'\nat = 1\ngroup = ['n0', 'n0']") ==
        "s.toml:2: the node \"n0\" is named twice in \"group\"");
  CHECK(fault("kind = 'partition'\nat = 1\ngroup = ['n0', 'n1', 'n2', 'n3']") ==
        "s.toml:2: \"group\" names every node; it is one side, and somebody is on the other");
}

TEST_CASE("sim scenario file: files that cannot be read", "[sim][scenario-file]") {
  CHECK(mistake_in(load_scenario("/nonexistent/s.toml", 1)) ==
        "/nonexistent/s.toml: cannot be read: there is no such file");
}

TEST_CASE("sim scenario file: a mistake in the topology's file is told there",
          "[sim][scenario-file]") {
  // A scenario is no JSON.
  const std::string file = MEHR_SOURCE_DIR "/ports/sim/test/data/valley.toml";
  const std::string begins = file + ":1: this is not JSON: ";
  CHECK(topology("file = '" + file + "'").substr(0, begins.size()) == begins);
}
