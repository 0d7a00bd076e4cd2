# Kafka: one broker in KRaft mode, from its jars. It has a listener without
# passwords, one with (SASL, SCRAM or PLAIN), and one with TLS besides.

kafka_version=4.1.1
# slf4j is 1.7 there, which this log4j speaks
log4j_version=2.25.1

kafka_libs() { echo "$base/kafka-$kafka_version"; }

# Java 17 or newer
java_program() {
    local java version
    java=$(command -v java) || return 1
    version=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
    [ "${version:-0}" -ge 17 ] && echo "$java"
}

kafka_jars() { compgen -G "$(kafka_libs)/kafka-server-*.jar"; }
java_and_maven() { java_program && { kafka_jars || command -v mvn; }; }

kafka_fetch() {
    provide_installed "Java 17 with Maven" java_and_maven openjdk-17-jre-headless maven || return 1
    ! kafka_jars >/dev/null || return 0
    (
        exec 8>"$base/packages.lock"
        flock --wait 600 8
        ! kafka_jars >/dev/null || exit 0
        local fetched=$base/kafka.new options=()
        # an account without a home, or with one that it may not write to
        [ -n "${HOME:-}" ] && mkdir -p "$HOME/.m2" 2>/dev/null || options=("-Dmaven.repo.local=$base/maven")
        rm -rf "$fetched" && mkdir -p "$fetched"
        kafka_pom >"$fetched/pom.xml"
        echo "fetching Kafka $kafka_version for the tests (43 MB)" >&2
        mvn --quiet --batch-mode --file "$fetched/pom.xml" "${options[@]}" dependency:copy-dependencies \
            -DoutputDirectory="$fetched/libs" -DincludeScope=runtime </dev/null >"$base/kafka-fetch.log" 2>&1 || {
            echo "scripts/services: Maven could not fetch the jars of Kafka:" >&2
            tail -n 20 "$base/kafka-fetch.log" >&2
            exit 1
        }
        rm -rf "$(kafka_libs)"
        mv "$fetched/libs" "$(kafka_libs)"
        rm -rf "$fetched"
    )
}

kafka_pom() {
    dependency() {
        echo "<dependency><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version></dependency>"
    }
    cat <<END
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sandgate</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    $(dependency org.apache.kafka kafka_2.13 $kafka_version)
    $(dependency org.apache.logging.log4j log4j-slf4j-impl $log4j_version)
    $(dependency org.apache.logging.log4j log4j-core $log4j_version)
  </dependencies>
</project>
END
}

kafka_prepare() {
    local here=$1 secret client internal sasl tls controller
    secret=$(password)
    read -r client internal sasl tls controller <<<"$(free_ports 5)"
    (umask 077 && kafka_settings "$here" >"$here/server.properties" && echo "$secret" >"$here/password")
    kafka_logging >"$here/log4j2.properties"
    # the certificate and the format: two programs in Java, side by side
    kafka_certificate "$here" "$secret" >"$here/certificate.log" 2>&1 &
    local certificate=$!
    kafka_tool "$here" kafka.tools.StorageTool format --cluster-id c2FuZGdhdGUtdGVzdHMhIQ --config "$here/server.properties" \
        --add-scram "SCRAM-SHA-512=[name=sandgate,password=$secret]" >"$here/log" 2>&1 || {
        tail -n 20 "$here/log" >&2
        return 1
    }
    wait $certificate || { cat "$here/certificate.log" >&2 && return 1; }
}

# a certificate for 127.0.0.1 that is its own authority, and what clients trust
kafka_certificate() {
    local store=(-keystore "$1/keystore.p12" -storetype PKCS12 -storepass "$2" -alias kafka)
    keytool -genkeypair "${store[@]}" -keyalg EC -groupname secp256r1 -validity 3650 -dname CN=127.0.0.1 \
        -ext san=ip:127.0.0.1,dns:localhost -ext bc:c &&
        keytool -exportcert -rfc "${store[@]}" -file "$1/ca.pem"
}

kafka_settings() {
    cat <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$client,INTERNAL://127.0.0.1:$internal,SASL://127.0.0.1:$sasl,TLS://127.0.0.1:$tls,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:${advertise:-$client},INTERNAL://127.0.0.1:$internal,SASL://127.0.0.1:$sasl,TLS://127.0.0.1:$tls
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SASL_SSL,CONTROLLER:PLAINTEXT
# the broker's own requests never take the way of its clients, which may be a proxy
inter.broker.listener.name=INTERNAL
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.sasl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_sandgate="$secret";
listener.name.tls.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.tls.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_sandgate="$secret";
listener.name.tls.ssl.keystore.type=PKCS12
listener.name.tls.ssl.keystore.location=$1/keystore.p12
listener.name.tls.ssl.keystore.password=$secret
log.dirs=$1/data
# a topic that is not there is an error
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# tests wait for these
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
# a broker that a test freezes is not given up by its own controller
broker.session.timeout.ms=600000
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
# many small topics
log.index.size.max.bytes=1048576
log.cleaner.dedupe.buffer.size=16777216
END
}

kafka_logging() {
    cat <<'END'
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
logger.start.name = kafka.server.KafkaRaftServer
logger.start.level = info
END
}

# what starts at once needs no compiled code: the first tier does
kafka_tool() {
    local here=$1
    shift
    java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dlog4j2.configurationFile="$here/log4j2.properties" -cp "$(kafka_libs)/*" "$@"
}

kafka_run() {
    # one that was killed is still registered, and its next life waits until that session is over
    [ ! -e "$1/ran" ] || sed -i 's/^broker.session.timeout.ms=.*/broker.session.timeout.ms=6000/' "$1/server.properties"
    : >"$1/ran"
    spawn "$1" java -Xmx512m -Dlog4j2.configurationFile="$1/log4j2.properties" -cp "$(kafka_libs)/*" \
        kafka.Kafka "$1/server.properties"
}

# kafka_port FOLDER LISTENER
kafka_port() { sed -n "s/^listeners=.*$2:\/\/127.0.0.1:\([0-9]*\).*/\1/p" "$1/server.properties"; }
kafka_answers() { grep -q "Kafka Server started" "$1/log" && answers "$(kafka_port "$1" PLAINTEXT)"; }
kafka_signal() { echo TERM; }
kafka_remove() { rm -rf "$1"; }

kafka_env() {
    echo "KAFKA=127.0.0.1:$(kafka_port "$1" PLAINTEXT)"
    echo "KAFKA_SASL=127.0.0.1:$(kafka_port "$1" SASL)"
    echo "KAFKA_TLS=127.0.0.1:$(kafka_port "$1" TLS)"
    echo "KAFKA_CA=$1/ca.pem"
    echo "KAFKA_USER=sandgate"
    echo "KAFKA_PASSWORD=$(<"$1/password")"
    echo "KAFKA_PID=$(pid "$1")"
}
