package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/iancoleman/strcase"
	"github.com/jmoiron/sqlx"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	temporallog "go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql/driver"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
	"go.temporal.io/server/tools/common/schema"
	"go.temporal.io/server/tools/sql"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	namespace = "fairreview"
	// retention is how long a closed case's history can still be looked at by an operator. The record of a case is
	// in the product's own database and has no such end.
	retention = 30 * 24 * time.Hour
	// shards are fixed for ever by a folder's first start. Measured on two cores: 1 halved the speed, 16 gained nothing.
	shards = 4
	// poolSize is per service and database; the history service is the one that needs it.
	poolSize = 10
	// stopWithin is how long an orderly stop may take before PostgreSQL is stopped under it, which loses nothing.
	stopWithin = 15 * time.Second
)

// searchAttributes are what operators filter cases by. They are stored in plain text, so: numbers and codes only.
var searchAttributes = map[string]enumspb.IndexedValueType{
	"FairreviewNumber":  enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"FairreviewStatus":  enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"FairreviewUnit":    enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"FairreviewRoute":   enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"FairreviewOutcome": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
}

// dynamicConfig is where the server's own settings do not fit one machine with one product on it.
var dynamicConfig = dynamicconfig.StaticClient{
	// An attribute can be used as soon as it is added.
	dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
	// Sixty departments may answer on one case at the same time.
	dynamicconfig.WorkflowExecutionMaxInFlightUpdates.Key(): 200,
	dynamicconfig.WorkflowExecutionMaxTotalUpdates.Key():    100_000,
	// 10 a second would throttle a count over the year's cases.
	dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 1000,
	// One worker reads one queue.
	dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
	dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
}

// temporalServer is a running Temporal with the namespace and its attributes in place.
type temporalServer struct {
	address string
	stop    func()
}

// startTemporal brings the databases to the schema of the server built in here, starts all four services on loopback
// ports and returns when they serve the namespace.
func startTemporal(ctx context.Context, db databases, port int, log *logFile) (*temporalServer, error) {
	logger := temporallog.NewZapLogger(zap.New(zapcore.NewCore(
		zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(log), zap.WarnLevel)))
	for _, d := range []struct{ url, name, schema string }{
		{db.temporal, temporalDatabase, "postgresql/v12/temporal"},
		{db.visibility, visibilityDatabase, "postgresql/v12/visibility"},
	} {
		if err := migrate(d.url, d.name, d.schema, logger); err != nil {
			return nil, fmt.Errorf("schema of %s: %w", d.name, err)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	ports, err := freePorts(port)
	if err != nil {
		return nil, err
	}
	c, hosts := serverConfig(db, ports)
	server, err := temporal.NewServer(
		temporal.WithConfig(c),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
		temporal.WithDynamicConfigClient(dynamicConfig),
	)
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	s := &temporalServer{address: c.PublicClient.HostPort, stop: func() {
		stopped := make(chan struct{})
		go func() { _ = server.Stop(); close(stopped) }()
		select {
		case <-stopped:
		case <-time.After(stopWithin):
		}
	}}
	if err := prepareNamespace(ctx, s.address, log); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// migrate sets the schema up, or brings it to this server's version, in one transaction: killed half way, it has not
// happened. The server's own tool runs statement by statement and could not be run again after that.
func migrate(url, name, schemaName string, logger temporallog.Logger) error {
	db, err := sqlx.Open("postgres", url)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // so that what BEGIN begins holds every statement up to COMMIT
	tool, err := sql.NewConnection(&config.SQL{
		PluginName:   postgresql.PluginName,
		DatabaseName: name,
		Connect:      func(*config.SQL) (*sqlx.DB, error) { return db, nil },
	}, logger)
	if err != nil {
		return err
	}
	if err := tool.Exec("BEGIN"); err != nil {
		return err
	}
	conn := transactional{tool}
	if err := schema.NewSetupSchemaTask(conn, &schema.SetupConfig{InitialVersion: "0.0"}, logger).Run(); err != nil {
		return err
	}
	if err := schema.NewUpdateSchemaTask(conn, &schema.UpdateConfig{DBName: name, SchemaName: schemaName}, logger).Run(); err != nil {
		return err
	}
	return tool.Exec("COMMIT")
}

// transactional builds indexes inside the transaction. Building them beside running statements, which a transaction
// cannot, is of no use while nobody else is connected.
type transactional struct{ *sql.Connection }

func (t transactional) Exec(statement string, args ...any) error {
	return t.Connection.Exec(strings.Replace(statement, "CREATE INDEX CONCURRENTLY", "CREATE INDEX", 1), args...)
}

// serverConfig is all four services in this process, found by fixed addresses instead of gossip.
func serverConfig(db databases, ports map[primitives.ServiceName]int) (*config.Config, map[primitives.ServiceName]static.Hosts) {
	const clusterName = "active"
	address := func(s primitives.ServiceName) string { return fmt.Sprintf("127.0.0.1:%d", ports[s]) }
	services := make(map[string]config.Service)
	hosts := make(map[primitives.ServiceName]static.Hosts)
	for s, port := range ports {
		services[string(s)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: "127.0.0.1"}}
		hosts[s] = static.SingleLocalHost(address(s))
	}
	c := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     temporalDatabase,
			VisibilityStore:  visibilityDatabase,
			NumHistoryShards: shards,
			DataStores: map[string]config.DataStore{
				temporalDatabase:   {SQL: store(temporalDatabase, db.temporal)},
				visibilityDatabase: {SQL: store(visibilityDatabase, db.visibility)},
			},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: address(primitives.FrontendService)},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            services,
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
		PublicClient: config.PublicClient{HostPort: address(primitives.FrontendService)},
	}
	return c, hosts
}

// store connects by URL, as the parts that config.SQL would put one together from leave out a socket's folder and spoil
// some passwords. The pgx plugin was measured a third faster than the other.
func store(name, url string) *config.SQL {
	return &config.SQL{
		PluginName:   postgresql.PluginNamePGX,
		DatabaseName: name,
		// Demanded, but not used beside Connect.
		ConnectAddr: "127.0.0.1", ConnectProtocol: "tcp",
		Connect: func(*config.SQL) (*sqlx.DB, error) {
			db, err := (&driver.PGXDriver{}).CreateConnection(url)
			if err != nil {
				return nil, err
			}
			db.SetMaxOpenConns(poolSize)
			db.SetMaxIdleConns(poolSize)
			db.SetConnMaxLifetime(time.Hour)
			db.MapperFunc(strcase.ToSnake) // how the server's row structs name their columns
			return db, nil
		},
	}
}

// freePorts finds one for each service. All are held until the last is found, so that they differ.
func freePorts(frontend int) (map[primitives.ServiceName]int, error) {
	ports := make(map[primitives.ServiceName]int)
	for _, s := range []primitives.ServiceName{primitives.FrontendService, primitives.HistoryService, primitives.MatchingService, primitives.WorkerService} {
		want := 0
		if s == primitives.FrontendService {
			want = frontend
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", want))
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports[s] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

// prepareNamespace makes the namespace and its search attributes where they are missing.
func prepareNamespace(ctx context.Context, address string, log *logFile) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	c, err := client.DialContext(ctx, client.Options{
		HostPort:  address,
		Namespace: namespace,
		Logger:    sdklog.NewStructuredLogger(slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))),
	})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        namespace,
		WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	if _, exists := errors.AsType[*serviceerror.NamespaceAlreadyExists](err); err != nil && !exists {
		return fmt.Errorf("namespace %s: %w", namespace, err)
	}
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("search attributes: %w", err)
	}
	missing := make(map[string]enumspb.IndexedValueType)
	for name, kind := range searchAttributes {
		if _, ok := have.CustomAttributes[name]; !ok {
			missing[name] = kind
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if _, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing}); err != nil {
		return fmt.Errorf("search attributes: %w", err)
	}
	return nil
}
