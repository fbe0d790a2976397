// Every mistake in a topology file: which line, and what is said about it.
#include <catch2/catch.hpp>
#include <string>

#include "mehr/sim/topology_file.h"
#include "mistakes.h"

using namespace mehr;
using namespace mehr::sim;

namespace {

std::string mistake(const std::string& json) {
  return mistake_in(parse_topology(json, "net.json"));
}

// In a file whose media, on line 2, are @p media.
std::string media_mistake(const std::string& media) {
  return mistake("{\"nodes\": [],\n\"media\": " + media + "\n}");
}

// In a file with the nodes "alpha" and "beta", the medium "cable", and @p rest from line 4 on.
std::string link_mistake(const std::string& rest) {
  return mistake("{\"media\": {\"cable\": \"tcp\", \"roof\": \"wifi\"},\n\"nodes\": [\n" +
                 std::string(R"({"name": "alpha"}, {"name": "beta"}],)") + "\n" + rest + "\n}");
}

}  // namespace

TEST_CASE("sim topology file: mistakes of JSON itself", "[sim][topology-file]") {
  CHECK(mistake("") ==
        "net.json:1: this is not JSON: syntax error while parsing value - unexpected end of input; "
        "expected '[', '{', or a literal");
  CHECK(mistake("{\"nodes\": [\n  {\"name\": \"a\"},\n  ]\n}").substr(0, 29) ==
        "net.json:3: this is not JSON:");
  // A number is read one character too far; the line stays right.
  CHECK(mistake("{\"nodes\": [\n1 2\n]}").substr(0, 29) == "net.json:2: this is not JSON:");
  CHECK(mistake("{\"nodes\": [],\n\"name\": \"a\nb\"}").substr(0, 29) ==
        "net.json:2: this is not JSON:");
  CHECK(mistake("{\"nodes\": []}\n\n}").substr(0, 29) == "net.json:3: this is not JSON:");
  CHECK(mistake("{\n\"nodes\": [\n").substr(0, 29) == "net.json:2: this is not JSON:");
  CHECK(mistake("{\"nodes\":\n1e999}") ==
        "net.json:2: this is not JSON: number overflow parsing '1e999'");
  CHECK(mistake("\xff").substr(0, 29) == "net.json:1: this is not JSON:");
  CHECK(mistake(std::string(33, '[')) ==
        "net.json:1: lists and tables nest more than 32 deep; no format here does");
  CHECK(mistake("{\"nodes\": [],\n\"name\": \"a\",\n\"name\": \"b\"}") ==
        "net.json:3: the key \"name\" stands here a second time; line 2 has it too");
}

TEST_CASE("sim topology file: mistakes of the whole", "[sim][topology-file]") {
  CHECK(mistake("[]") == "net.json:1: a topology must be a table of keys and values, not a list");
  CHECK(mistake("{}") == "net.json:1: a topology needs \"nodes\"");
  CHECK(mistake("{\"nodes\": [],\n\"linsk\": []}") ==
        "net.json:2: unknown key \"linsk\" of a topology; did you mean \"links\"?");
  CHECK(mistake("{\"nodes\": [],\n\"colour\": 3}") ==
        "net.json:2: unknown key \"colour\" of a topology; "
        "known are name, media, nodes, links, members");
  CHECK(mistake("{\"nodes\": 7\n}") == "net.json:1: \"nodes\" is 7; it must be a list");
  CHECK(mistake("{\"name\": null, \"nodes\": []}") ==
        "net.json:1: \"name\" is null; it must be a text");
}

TEST_CASE("sim topology file: mistakes of nodes", "[sim][topology-file]") {
  const auto node = [](const std::string& text) {
    return mistake("{\"nodes\": [\n" + text + "]}");
  };
  CHECK(node("3") == "net.json:2: a node must be a table of keys and values, not 3");
  CHECK(node("{}") == "net.json:2: a node needs a \"name\"");
  CHECK(node(R"({"nmae": "a"})") ==
        "net.json:2: unknown key \"nmae\" of a node; did you mean \"name\"?");
  CHECK(node(R"({"name": ""})") ==
        "net.json:2: \"name\" is \"\"; it must be a name of 1 to 64 bytes without control "
        "characters");
  CHECK(node("{\"name\": \"a\"},\n{\"name\": \"b\"},\n{\"name\": \"a\"}") ==
        "net.json:4: there is a node \"a\" already, on line 2");
  CHECK(node("{\"name\": \"a\",\n\"x\": \"5\"}") ==
        "net.json:3: \"x\" is \"5\"; it must be a number from -50000000 to 50000000");
  CHECK(node(R"({"name": "a", "x": 1})") == "net.json:2: the node \"a\" has \"x\" without \"y\"");
  CHECK(node(R"({"name": "a", "lon": 1})") ==
        "net.json:2: the node \"a\" has \"lon\" without \"lat\"");
  CHECK(node(R"({"name": "a", "lat": 91, "lon": 1})") ==
        "net.json:2: \"lat\" is 91; it must be a number from -90 to 90");
  CHECK(node(R"({"name": "a", "x": 1, "y": 1, "lat": 1, "lon": 1})") ==
        "net.json:2: the node \"a\" has \"x\" and \"y\" as well as \"lat\" and \"lon\"; one of "
        "them says it");
  CHECK(node("{\"name\": \"a\", \"x\": 1, \"y\": 2},\n{\"name\": \"b\", \"lat\": 1, \"lon\": 1}") ==
        "net.json:3: the node \"b\" has \"lat\" and \"lon\", and \"a\" has \"x\" and \"y\"; all "
        "nodes and corners of a file are placed alike");
  CHECK(node("{\"name\": \"a\", \"x\": 1, \"y\": 2},\n{\"name\": \"b\"}") ==
        "net.json:3: the node \"b\" has no place, and \"a\" has \"x\" and \"y\"; all "
        "nodes and corners of a file are placed alike");
  CHECK(node(R"({"name": "a", "announces": "no"})") ==
        "net.json:2: \"announces\" is \"no\"; it must be true or false");
  CHECK(node(R"({"name": "a", "skew_ppm": 1e6})") ==
        "net.json:2: \"skew_ppm\" is 1000000; it must be a number from -50000 to 50000");
  CHECK(node(R"({"name": "\u001b[31m", "x": 1, "y": 1})").find('\x1b') == std::string::npos);
}

TEST_CASE("sim topology file: mistakes of paths", "[sim][topology-file]") {
  const auto path = [](const std::string& text) {
    return mistake("{\"nodes\": [{\"name\": \"a\", \"x\": 0, \"y\": 0, \"path\": [\n" + text +
                   "]}]}");
  };
  CHECK(path(R"({"x": 1, "y": 1})") ==
        "net.json:2: a corner of a path needs a time \"at\" and a place");
  CHECK(path(R"({"at": 5})") == "net.json:2: a corner of a path needs a time \"at\" and a place");
  CHECK(path("{\"at\": \"2min\", \"x\": 1, \"y\": 1},\n{\"at\": \"2min\", \"x\": 2, \"y\": 1}") ==
        "net.json:3: the corners of a path come in order of time, and this one is not later than "
        "the one before it");
  CHECK(path(R"({"at": "2min", "lat": 1, "lon": 1})") ==
        "net.json:2: the node \"a\" has \"lat\" and \"lon\", and \"a\" has \"x\" and \"y\"; all "
        "nodes and corners of a file are placed alike");
  CHECK(path(R"({"at": "10 mins", "x": 1, "y": 1})") ==
        "net.json:2: \"at\" is \"10 mins\"; it must be a time from 0s to 3650d, such as \"1h30m\", "
        "\"250ms\" or a number of seconds");
}

TEST_CASE("sim topology file: mistakes of limits", "[sim][topology-file]") {
  const auto limits = [](const std::string& text) {
    return mistake("{\"nodes\": [{\"name\": \"a\",\n\"limits\": " + text + "}]}");
  };
  CHECK(limits(R"("minimum")") ==
        "net.json:2: \"limits\" is \"minimum\"; did you mean \"minimal\"?");
  CHECK(limits("5") ==
        "net.json:2: \"limits\" other than \"small\", \"minimal\" or \"standard\" must be a table "
        "of keys and "
        "values, not 5");
  CHECK(limits(R"({"route": 3})") ==
        "net.json:2: unknown key \"route\" of limits; did you mean \"routes\"?");
  CHECK(limits(R"({"routes": 0})") ==
        "net.json:2: \"routes\" is 0; it must be a whole number from 1 to 10000000");
}

TEST_CASE("sim topology file: mistakes of media", "[sim][topology-file]") {
  CHECK(media_mistake(R"({"a": {}})") ==
        "net.json:2: a medium needs \"like\" (tcp, ethernet, wifi, ble, serial, lora) or \"kind\" "
        "(stream, datagram, ble, serial, lora)");
  CHECK(media_mistake(R"({"a": "wfii"})") ==
        "net.json:2: \"a\" is \"wfii\"; did you mean \"wifi\"?");
  CHECK(media_mistake(R"({"a": {"kind": "straem"}})") ==
        "net.json:2: \"kind\" is \"straem\"; did you mean \"stream\"?");
  CHECK(media_mistake(R"({"a": {"kind": "carrier pigeon"}})") ==
        "net.json:2: \"kind\" is \"carrier pigeon\"; known are stream, datagram, ble, serial, "
        "lora");
  CHECK(media_mistake(R"({"a": {"kind": "stream", "like": "tcp"}})") ==
        "net.json:2: a medium has \"like\" or \"kind\", not both");
  CHECK(media_mistake(R"({"a": {"like": "wifi", "los": 0.1}})") ==
        "net.json:2: unknown key \"los\" of a medium; did you mean \"loss\"?");
  CHECK(media_mistake(R"({"a": {"like": "wifi", "loss": 1.5}})") ==
        "net.json:2: \"loss\" is 1.5; it must be a number from 0 to 1");
  CHECK(media_mistake(R"({"a": {"like": "wifi", "rate": "50 Mb"}})") ==
        "net.json:2: \"rate\" is \"50 Mb\"; it must be a rate from 1 bps to 1000 Gbps, such as "
        "\"50 Mbps\" or a number of bits per second");
  CHECK(media_mistake(R"({"a": {"like": "wifi", "mtu": 100}})") ==
        "net.json:2: \"mtu\" is 100; it must be a whole number from 484 to 4096");
  CHECK(media_mistake(R"({"a": {"like": "wifi", "spreading_factor": 9}})") ==
        "net.json:2: \"spreading_factor\" is for media of the kind lora; this one is datagram");
  CHECK(media_mistake(R"({"a": {"like": "tcp", "corruption": 0.1}})") ==
        "net.json:2: \"corruption\" is not for streams: they join two nodes, both ways at once, "
        "and deliver whole and in order");
  CHECK(media_mistake(R"({"a": {"like": "lora", "bandwidth": "62.5 kHz"}})") ==
        "net.json:2: \"bandwidth\" is \"62.5 kHz\"; it must be \"125 kHz\", \"250 kHz\" or \"500 "
        "kHz\"");
  CHECK(media_mistake("{\"a\": {\"like\": \"lora\",\n\"duty_cycle\": 0.1}}") ==
        "net.json:3: the region eu868 allows a \"duty_cycle\" of at most 0.01, not 0.1; the region "
        "\"unlimited\" allows any");
  CHECK(media_mistake(R"({"a": {"like": "lora", "region": "eu433"}})") ==
        "net.json:2: \"region\" is \"eu433\"; known are unlimited, eu868, us915");
}

TEST_CASE("sim topology file: mistakes of links", "[sim][topology-file]") {
  const auto links = [](const std::string& text) {
    return link_mistake("\"links\": [" + text + "]");
  };
  CHECK(links(R"({"a": "alpha"})") ==
        "net.json:4: a link needs the names of its two nodes, \"a\" and \"b\"");
  CHECK(links(R"({"a": "alpha", "b": "bete", "media": "cable"})") ==
        "net.json:4: no node is called \"bete\"; did you mean \"beta\"?");
  CHECK(links(R"({"a": "alpha", "b": "omega", "media": "cable"})") ==
        "net.json:4: no node is called \"omega\"; there are alpha, beta");
  CHECK(links(R"({"a": "alpha", "b": "alpha", "media": "cable"})") ==
        "net.json:4: the link joins \"alpha\" to itself; a link joins two nodes");
  CHECK(links(R"({"a": "alpha", "b": "beta", "media": "cabel"})") ==
        "net.json:4: no medium is called \"cabel\"; did you mean \"cable\"?");
  CHECK(links(R"({"a": "alpha", "b": "beta", "media": "smoke"})") ==
        "net.json:4: no medium is called \"smoke\"; there are cable, roof, tcp, ethernet, wifi, "
        "ble, serial, lora");
  CHECK(links(R"({"a": "alpha", "b": "beta"})") ==
        "net.json:4: a link needs \"media\": it may only be left out when \"media\" has one entry");
  CHECK(links("{\"a\": \"alpha\", \"b\": \"beta\", \"media\": \"cable\"},\n"
              "{\"a\": \"alpha\", \"b\": \"beta\", \"media\": \"serial\"},\n"
              "{\"a\": \"beta\", \"b\": \"alpha\", \"media\": \"cable\"}") ==
        "net.json:6: line 4 links \"beta\" and \"alpha\" over \"cable\" already; once is enough, "
        "it goes both ways");
  CHECK(links(R"({"a": "alpha", "b": "beta", "media": "roof"})") ==
        "net.json:4: \"roof\" reaches only so far, and the nodes have no places; give them \"x\" "
        "and \"y\" in metres or \"lat\" and \"lon\" in degrees");
}

TEST_CASE("sim topology file: mistakes of members", "[sim][topology-file]") {
  CHECK(link_mistake(R"("members": {"cable": ["alpha"]})") ==
        "net.json:4: \"cable\" is not shared, so only links join it; give the medium \"shared\": "
        "true or leave its members out");
  CHECK(link_mistake(R"("members": {"ethernet": ["alpha", "beta", "alpha"]})") ==
        "net.json:4: the node \"alpha\" is named twice in \"ethernet\"");
  CHECK(link_mistake("\"members\": {\"ethernet\": [\n\"alhpa\"]}") ==
        "net.json:5: no node is called \"alhpa\"; did you mean \"alpha\"?");
}

TEST_CASE("sim topology file: files that cannot be read", "[sim][topology-file]") {
  CHECK(mistake_in(load_topology("/nonexistent/net.json")) ==
        "/nonexistent/net.json: cannot be read: there is no such file");
  CHECK(mistake_in(load_topology("/")) == "/: cannot be read: it is not a file");
}
