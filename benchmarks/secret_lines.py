"""Lines in which people leave secrets lying, and lines that only look as if they did."""

# ruff: noqa: E501, ARG005, S608  # a table: each is a line of the corpus, written by a function of one form

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from benchmarks.secret_values import ALNUM, B64, BASE32, DIGITS, LOWER, UPPER, URL, Maker

CODE: Final = ("python", "jupyter")
ANY: Final = ("python", "jupyter", "scala")
KEYED: Final = ("conf",)
SET: Final = ("shell", "properties")


@dataclass(frozen=True, slots=True)
class Line:
    """One way to write something.

    Attributes:
        kind: the kind of secret, empty for a decoy.
        made: writes it, on one line or several.
        forms: the forms of files that it is found in.
        marks: `magic` for a cell of another language in a notebook, `sh` for one of shell.
    """

    kind: str
    made: Callable[[Maker], str]
    forms: tuple[str, ...] = CODE
    marks: tuple[str, ...] = ()


def _p(kind: str, made: Callable[[Maker], str], *forms: str, marks: str = "") -> Line:
    return Line(kind, made, forms or CODE, tuple(marks.split()))


def _n(made: Callable[[Maker], str], *forms: str, marks: str = "") -> Line:
    return Line("", made, forms or CODE, tuple(marks.split()))


# fmt: off
POSITIVES: Final = (
    # Databricks
    _p("databricks", lambda m: f'{m.noun()}_token = "dapi{m.hex(32)}"'),
    _p("databricks", lambda m: f'headers = {{"Authorization": "Bearer dapi{m.hex(32)}-{m.pick("2", "3")}"}}'),
    _p("databricks", lambda m: f"export DATABRICKS_TOKEN=dapi{m.hex(32)}", "shell"),
    _p("databricks", lambda m: f"curl -H 'Authorization: Bearer dapi{m.hex(32)}' https://dbc-{m.hex(8)}.cloud.databricks.com/api/2.1/jobs/list", marks="magic sh"),
    _p("databricks", lambda m: f'WorkspaceClient(host=host, client_id="{m.uuid()}", client_secret="dose{m.hex(32)}")'),
    _p("databricks", lambda m: f'url = "jdbc:databricks://dbc-{m.hex(8)}.cloud.databricks.com:443/default;transportMode=http;AuthMech=3;UID=token;PWD=dapi{m.hex(32)}"', *ANY),
    _p("databricks", lambda m: f'create_engine("databricks://token:dapi{m.hex(32)}@dbc-{m.hex(8)}.cloud.databricks.com")'),
    _p("delta-sharing", lambda m: f'"bearerToken": "{m.url64(32)}"', "json"),
    # AWS
    _p("aws", lambda m: f'aws_secret_access_key="{m.aws_secret()}"'),
    _p("aws", lambda m: f'sc._jsc.hadoopConfiguration().set("fs.s3a.secret.key", "{m.aws_secret()}")', *ANY),
    _p("aws", lambda m: f"spark.hadoop.fs.s3a.secret.key {m.aws_secret()}", *KEYED),
    _p("aws", lambda m: f'AWS_KEY_ID = "AKIA{m.of(BASE32, 16)}"'),
    _p("aws", lambda m: f"spark.hadoop.fs.s3a.access.key AKIA{m.of(BASE32, 16)}", *KEYED),
    _p("aws", lambda m: f'client = boto3.client("s3", "eu-west-1", None, True, None, None, "AKIA{m.of(BASE32, 16)}", "{m.aws_secret()}")'),
    _p("aws", lambda m: f"export AWS_SECRET_ACCESS_KEY={m.aws_secret()}", "shell"),
    _p("aws", lambda m: f'os.environ["AWS_SESSION_TOKEN"] = "IQoJ{m.b64(270)}"'),
    _p("aws", lambda m: f'dbutils.fs.mount(f"s3a://AKIA{m.of(BASE32, 16)}:{m.of(ALNUM, 40)}@{m.noun()}-bucket", "/mnt/{m.noun()}")'),
    _p("aws", lambda m: f"COPY {m.identifier()} FROM 's3://{m.noun()}/' CREDENTIALS 'aws_access_key_id=AKIA{m.of(BASE32, 16)};aws_secret_access_key={m.aws_secret()}'", "sql"),
    # Google
    _p("google", lambda m: f'maps_key = "AIza{m.of(URL, 34)}{m.of(ALNUM, 1)}"'),
    _p("google", lambda m: '"private_key": "' + m.pem("PRIVATE KEY").replace("\n", "\\n") + '\\n"', "json"),
    _p("google", lambda m: f'"client_secret": "GOCSPX-{m.of(URL, 27)}{m.of(ALNUM, 1)}"', "json"),
    # Azure
    _p("azure", lambda m: f'spark.conf.set("fs.azure.account.key.{m.noun()}.dfs.core.windows.net", "{m.b64(64)}")'),
    _p("azure", lambda m: f'conn = "DefaultEndpointsProtocol=https;AccountName={m.noun()};AccountKey={m.b64(64)};EndpointSuffix=core.windows.net"', *ANY),
    _p("azure", lambda m: f'sas = "?sv=2023-01-03&ss=b&srt=sco&sp=rl&se=2027-08-01T00:00:00Z&spr=https&sig={m.b64(32).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")}"'),
    _p("azure", lambda m: f'azure_client_secret = "{m.of(ALNUM, 3)}8Q~{m.of(ALNUM + "_.-~", 33)}{m.of(ALNUM, 1)}"'),
    _p("azure", lambda m: f"EVENTHUB_CONNECTION=Endpoint=sb://{m.noun()}.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={m.b64(32)}", *SET),
    _p("azure", lambda m: f"git clone https://build:{m.of(LOWER + '234567', 52)}@dev.azure.com/corp/{m.noun()}/_git/{m.noun()}", "shell"),
    # Code and packages
    _p("github", lambda m: f'GITHUB_TOKEN = "{m.crc62(m.pick("ghp", "gho", "ghs"))}"'),
    _p("github", lambda m: f"pip install git+https://{m.crc62('ghp')}@github.com/corp/{m.noun()}.git", marks="magic sh"),
    _p("github", lambda m: f'"token": "github_pat_11{m.of(UPPER + DIGITS, 20)}_{m.of(ALNUM, 59)}"', "json"),
    _p("gitlab", lambda m: f"%pip install {m.noun()} --index-url https://__token__:glpat-{m.of(ALNUM, 20)}@gitlab.corp.net/api/v4/projects/7/packages/pypi/simple", marks="magic"),
    _p("gitlab", lambda m: f'gl = gitlab.Gitlab("https://gitlab.corp.net", private_token="glpat-{m.of(ALNUM, 20)}")'),
    _p("npm", lambda m: f"//registry.npmjs.org/:_authToken={m.crc62('npm')}", "properties"),
    _p("pypi", lambda m: f"export TWINE_PASSWORD=pypi-AgEIcHlwaS5vcmc{m.of(URL, 130)}{m.of(ALNUM, 5)}", "shell"),
    _p("artifactory", lambda m: f"pip install -i https://ci:AKCp{m.of(ALNUM, 69)}@corp.jfrog.io/artifactory/api/pypi/pypi/simple {m.noun()}", "shell"),
    _p("docker", lambda m: f"docker login -u {m.noun()} -p dckr_pat_{m.of(URL, 26)}{m.of(ALNUM, 1)}", "shell"),
    _p("docker", lambda m: f'"auths": {{"ghcr.io": {{"auth": "{m.basic()}"}}}}', "json"),
    _p("terraform", lambda m: f'  token = "{m.of(ALNUM, 14)}.atlasv1.{m.of(ALNUM, 67)}"', "terraform"),
    _p("vault", lambda m: f'client = hvac.Client(url=vault_url, token="hvs.{m.of(ALNUM, 95)}")'),
    _p("atlassian", lambda m: f'jira = JIRA(server, basic_auth=("bot@corp.net", "ATATT3xFfGF0{m.of(URL, 171)}={m.of(DIGITS + "ABCDEF", 8)}"))'),
    _p("doppler", lambda m: f"DOPPLER_TOKEN=dp.st.prd.{m.of(ALNUM, 43)}", *SET),
    # Data
    _p("url", lambda m: f'engine = create_engine("postgresql+psycopg2://{m.noun()}:{m.password().replace("#", "%23")}@db-{m.noun()}.corp.net:5432/{m.noun()}")'),
    _p("url", lambda m: f"{m.noun()}_uri: mongodb+srv://{m.noun()}:{m.of(ALNUM, 16)}@cluster0.{m.hex(5)}.mongodb.net/{m.noun()}", "yaml"),
    _p("url", lambda m: f"REDIS_URL=redis://:{m.of(ALNUM, 32)}@cache.{m.noun()}.corp.net:6379/0", *SET),
    _p("url", lambda m: f'r = redis.from_url("rediss://default:{m.of(ALNUM, 24)}@{m.noun()}.corp.net:6380")'),
    _p("url", lambda m: f'amqp = "amqps://{m.noun()}:{m.of(ALNUM, 20)}@b-{m.uuid()}.mq.eu-west-1.amazonaws.com:5671"', *ANY),
    _p("jdbc", lambda m: f'jdbcUrl = "jdbc:sqlserver://{m.noun()}.database.windows.net:1433;database={m.noun()};user=etl;password={m.password()};encrypt=true"', *ANY),
    _p("jdbc", lambda m: f'url = "jdbc:postgresql://db.{m.noun()}.corp.net:5432/{m.noun()}?user=etl&password={m.of(ALNUM, 14)}"', *ANY),
    _p("jdbc", lambda m: f'cx = "jdbc:oracle:thin:{m.noun()}/{m.of(LOWER, 5)}{m.of(DIGITS, 4)}@//ora.{m.noun()}.corp.net:1521/PRD"', *ANY),
    _p("odbc", lambda m: f'pyodbc.connect("DRIVER={{ODBC Driver 18 for SQL Server}};SERVER={m.noun()}.corp.net;DATABASE={m.noun()};UID=etl;PWD={m.password()}")'),
    _p("kafka", lambda m: f""".option("kafka.sasl.jaas.config", 'kafkashaded.org.apache.kafka.common.security.plain.PlainLoginModule required username="{m.of(UPPER + DIGITS, 16)}" password="{m.of(B64, 64)}";')""", *ANY),
    _p("kafka", lambda m: f'sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="{m.noun()}" password="{m.password()}";', "properties"),
    _p("confluent", lambda m: f'"sasl.password": "cflt{m.of(B64, 60)}",'),
    _p("snowflake", lambda m: f'.option("sfPassword", "{m.password()}")', *ANY),
    _p("snowflake", lambda m: f'con = snowflake.connector.connect(user="LOADER", password="{m.password()}", account="{m.of(LOWER, 2)}{m.of(DIGITS, 5)}.eu-west-1")'),
    _p("dbt", lambda m: f"DBT_CLOUD_API_TOKEN: dbtc_{m.of(URL, 42)}{m.of(ALNUM, 1)}", "yaml"),
    _p("fivetran", lambda m: f'fivetran_api_secret = "{m.of(ALNUM, 32)}"'),
    _p("airtable", lambda m: f'table = Table("pat{m.of(ALNUM, 14)}.{m.hex(64)}", base_id, "{m.noun()}")'),
    _p("hive", lambda m: f"spark.hadoop.javax.jdo.option.ConnectionPassword {m.password()}", *KEYED),
    _p("sql", lambda m: f"CREATE USER {m.noun()} IDENTIFIED BY '{m.password()}';", "sql"),
    _p("sql", lambda m: f"ALTER ROLE {m.noun()} WITH LOGIN PASSWORD '{m.password()}';", "sql"),
    _p("sql", lambda m: f"OPTIONS (url 'jdbc:mysql://db/{m.noun()}', dbtable '{m.noun()}', user 'etl', password '{m.password()}')", "sql"),
    # Models and services
    _p("openai", lambda m: f'openai.api_key = "sk-{m.of(ALNUM, 20)}T3BlbkFJ{m.of(ALNUM, 20)}"'),
    _p("openai", lambda m: f"export OPENAI_API_KEY=sk-proj-{m.of(URL, 73)}{m.of(ALNUM, 1)}T3BlbkFJ{m.of(ALNUM, 1)}{m.of(URL, 72)}{m.of(ALNUM, 1)}", "shell"),
    _p("anthropic", lambda m: f'Anthropic(api_key="sk-ant-api03-{m.of(URL, 93)}AA")'),
    _p("huggingface", lambda m: f'login("hf_{m.of(LOWER + UPPER, 34)}")'),
    _p("slack", lambda m: f'slack = WebClient(token="xoxb-{m.of("123456789", 12)}-{m.of("123456789", 13)}-{m.of(ALNUM, 24)}")'),
    _p("slack", lambda m: f'requests.post("https://hooks.slack.com/services/T{m.of(UPPER + DIGITS, 10)}/B{m.of(UPPER + DIGITS, 10)}/{m.of(ALNUM, 24)}", json=body)'),
    _p("teams", lambda m: f'hook = "https://corp.webhook.office.com/webhookb2/{m.uuid()}@{m.uuid()}/IncomingWebhook/{m.hex(32)}/{m.uuid()}"'),
    _p("stripe", lambda m: f'stripe.api_key = "{m.pick("sk", "rk")}_live_{m.of(ALNUM, m.random.choice((24, 99)))}"'),
    _p("sendgrid", lambda m: f'sg = SendGridAPIClient("SG.{m.of(ALNUM, 22)}.{m.of(URL, 42)}{m.of(ALNUM, 1)}")'),
    _p("twilio", lambda m: f'client = Client("AC{m.hex(32)}", twilio_auth_token := "{m.hex(32)}")'),
    _p("datadog", lambda m: f"DD_API_KEY={m.hex(32)}", *SET),
    _p("newrelic", lambda m: f"export NEW_RELIC_API_KEY=NRAK-{m.of(UPPER + DIGITS, 27)}", "shell"),
    _p("pagerduty", lambda m: f'event = {{"routing_key": "{m.hex(32)}", "event_action": "trigger"}}'),
    _p("grafana", lambda m: f'grafana = GrafanaApi("{m.grafana()}")'),
    _p("discord", lambda m: f'bot.run("{m.discord()}")'),
    _p("telegram", lambda m: f'url = "https://api.telegram.org/bot{m.of("123456789", 10)}:AA{m.of(URL, 32)}{m.of(ALNUM, 1)}/sendMessage"'),
    _p("okta", lambda m: f'headers["Authorization"] = "SSWS 00{m.of(URL, 39)}{m.of(ALNUM, 1)}"'),
    _p("digitalocean", lambda m: f'  token = "dop_v1_{m.hex(64)}"', "terraform"),
    _p("linear", lambda m: f'linear_key = "lin_api_{m.of(ALNUM, 40)}"'),
    # Keys and tokens
    _p("pem", lambda m: f'key = """{m.pem(m.pick("RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY"))}"""'),
    _p("pem", lambda m: "cat > /root/.ssh/id_rsa <<EOF\n" + m.pem("OPENSSH PRIVATE KEY") + "\nEOF", "shell"),
    _p("age", lambda m: m.age(), "text", "yaml"),
    _p("jwt", lambda m: f'TOKEN = "{m.jwt()}"', *ANY),
    _p("jwt", lambda m: f"curl -H 'Authorization: Bearer {m.jwt()}' https://api.{m.noun()}.corp.net/v1", "shell"),
    _p("basic", lambda m: f'headers = {{"Authorization": "Basic {m.basic()}"}}'),
    _p("curl", lambda m: f"curl -s -u {m.noun()}:{m.of(ALNUM, 14)} https://nexus.corp.net/repository/{m.noun()}", "shell"),
    # Where a scanner has little to go by
    _p("hard", lambda m: f'password = "{m.words(4)}"'),
    _p("hard", lambda m: f'token = "dapi" + "{m.hex(32)}"'),
    _p("hard", lambda m: f'config = {{"password":\n    "{m.password()}"}}'),
    _p("hard", lambda m: f'connect("db.{m.noun()}.corp.net", "etl", "{m.password()}")'),
    _p("hard", lambda m: f"# old login: etl / {m.password()}"),
    _p("hard", lambda m: f'password = "{m.noun()}"'),
    _p("hard", lambda m: f"  {m.noun()}-password: {base64.b64encode(m.password().encode()).decode()}", "yaml"),
    _p("hard", lambda m: f"<name>javax.jdo.option.ConnectionPassword</name><value>{m.password()}</value>", "text"),
    _p("hard", lambda m: f"curl -H 'X-Api-Token: {m.of(ALNUM, 32)}' https://api.{m.noun()}.corp.net", "shell"),
    _p("hard", lambda m: f'cipher_key = bytes.fromhex("{m.hex(64)}")'),
    # By the name alone
    _p("password", lambda m: f'{m.noun()}_password = "{m.password()}"', *ANY),
    _p("password", lambda m: f'.option("password", "{m.password()}")', *ANY),
    _p("password", lambda m: f'"{m.noun()}Password": "{m.password()}"', "json"),
    _p("password", lambda m: f"password: {m.password()}", "yaml"),
    _p("password", lambda m: f"{m.noun()}.db.password={m.password()}", "properties"),
    _p("password", lambda m: f"export {m.noun().upper()}_PASSWORD='{m.password()}'", "shell"),
    _p("password", lambda m: f"{m.noun()}_pwd='{m.password()}'"),
    _p("password", lambda m: f'def connect(host, user="etl", password="{m.password()}"):'),
    _p("password", lambda m: f'props = {{"user": "etl", "password": "{m.password()}", "driver": "org.postgresql.Driver"}}'),
    _p("password", lambda m: f'val dbPassword = "{m.password()}"', "scala"),
    _p("password", lambda m: f'  master_password = "{m.password()}"', "terraform"),
    _p("password", lambda m: f"The {m.noun()} database has user etl, password: {m.password()}", "text"),
    _p("password", lambda m: f"sshpass -p '{m.password()}' scp {m.noun()}.csv etl@sftp.corp.net:/in", "shell"),
    _p("secret", lambda m: f'{m.noun()}_api_key = "{m.of(ALNUM, 32)}"'),
    _p("secret", lambda m: f'{m.noun().upper()}_SECRET = "{m.of(ALNUM, 40)}"'),
    _p("secret", lambda m: f'params = {{"client_id": "{m.of(ALNUM, 20)}", "client_secret": "{m.url64(32)}"}}'),
    _p("secret", lambda m: f'api_token: str = "{m.hex(40)}"'),
    _p("secret", lambda m: f'requests.get(url, headers={{"X-Api-Key": "{m.of(ALNUM, 36)}"}})'),
    _p("secret", lambda m: f'"base_parameters": {{"{m.noun()}_token": "{m.of(ALNUM, 40)}"}}', "json"),
    _p("secret", lambda m: f"{m.noun()}_api_token: {m.of(ALNUM, 40)}", "yaml"),
    _p("secret", lambda m: f"spark.{m.noun()}.auth.token {m.of(ALNUM, 43)}", *KEYED),
    _p("secret", lambda m: f'encryption_key = "{m.b64(32)}"'),
    _p("secret", lambda m: f'{m.noun()}["access_token"] = "{m.url64(30)}"'),
    _p("bearer", lambda m: f'headers = {{"Authorization": "Bearer {m.of(ALNUM, 40)}"}}'),
)
"""Ways to leave a secret lying."""

NEGATIVES: Final = (
    # references to where secrets are kept
    _n(lambda m: f'password = dbutils.secrets.get(scope="{m.noun()}-prod", key="{m.noun()}-password")', *ANY),
    _n(lambda m: f'token = dbutils.secrets.get("{m.noun()}", "{m.noun()}-api-token-2024")'),
    _n(lambda m: f'.option("password", dbutils.secrets.get("{m.noun()}", "db-password"))', *ANY),
    _n(lambda m: f"spark.hadoop.fs.s3a.secret.key {{{{secrets/{m.noun()}/aws-secret-key}}}}", *KEYED),
    _n(lambda m: f'"password": "{{{{secrets/{m.noun()}/{m.noun()}-password}}}}"', "json"),
    _n(lambda m: f'secret_key = os.environ["{m.noun().upper()}_SECRET_KEY"]'),
    _n(lambda m: f'api_key = os.getenv("{m.noun().upper()}_API_KEY", "")'),
    _n(lambda m: f"export {m.noun().upper()}_PASSWORD=$(aws secretsmanager get-secret-value --secret-id {m.noun()}/db --query SecretString)", "shell"),
    _n(lambda m: f"export DATABRICKS_TOKEN=${{{m.noun().upper()}_TOKEN}}", "shell"),
    _n(lambda m: f"{m.noun()}_password: ${{env:{m.noun().upper()}_PASSWORD}}", "yaml"),
    _n(lambda m: f"token: !vault |{m.noun()}", "yaml"),
    _n(lambda m: f'secret_arn = "arn:aws:secretsmanager:eu-west-1:{m.of(DIGITS, 12)}:secret:{m.noun()}/db-{m.of(ALNUM, 6)}"'),
    _n(lambda m: f"  password = var.{m.noun()}_password", "terraform"),
    _n(lambda m: f"  secret_string = random_password.{m.noun()}.result", "terraform"),
    _n(lambda m: f"{m.noun()}.password=${{file:/opt/secrets/{m.noun()}.properties:password}}", "properties"),
    _n(lambda m: f'password = getpass.getpass("{m.noun()} password: ")'),
    _n(lambda m: f'token = keyring.get_password("{m.noun()}", "etl")'),
    _n(lambda m: f'secret_name = "{m.noun()}/prod/{m.noun()}-api-key"'),
    _n(lambda m: f'secret_scope = "kv-{m.noun()}-prod-{m.of(DIGITS, 3)}"'),
    _n(lambda m: f'PASSWORD_KEY = "{m.noun()}-db-password"'),
    _n(lambda m: f'token_secret = "projects/{m.of(DIGITS, 12)}/secrets/{m.noun()}-token/versions/{m.of("123456789", 1)}"'),
    # code about secrets
    _n(lambda m: 'token = response.json()["access_token"]'),
    _n(lambda m: f"api_key = load_{m.noun()}_api_key(environment)"),
    _n(lambda m: f"password = {m.noun()}_config.password"),
    _n(lambda m: f"def rotate_{m.noun()}_password(user: str, old_password: str, new_password: str) -> None:"),
    _n(lambda m: f'if password != confirmed_password: raise ValueError("{m.noun()} password differs")'),
    _n(lambda m: f'headers = {{"Authorization": f"Bearer {{{m.noun()}_token}}"}}'),
    _n(lambda m: f'headers = {{"Authorization": "Bearer " + {m.noun()}_token}}'),
    _n(lambda m: f'url = f"jdbc:postgresql://{{host}}:5432/{m.noun()}?user={{user}}&password={{password}}"'),
    _n(lambda m: f'engine = create_engine(f"postgresql://{{user}}:{{password}}@{{host}}:5432/{m.noun()}")'),
    _n(lambda m: """jaas = f'org.apache.kafka.common.security.plain.PlainLoginModule required username="{key}" password="{secret}";'"""),
    _n(lambda m: f'parser.add_argument("--{m.noun()}-token", help="token of {m.noun()}", required=True)'),
    _n(lambda m: f'dbutils.widgets.text("password", "", "Password of {m.noun()}")'),
    _n(lambda m: f'password_column = "{m.noun()}_password_hash"'),
    _n(lambda m: f"SELECT user_id, password_hash, api_token_id FROM {m.noun()}.{m.noun()};", "sql"),
    _n(lambda m: f"GRANT USAGE ON SECRET {m.noun()}_secret TO ROLE {m.noun()};", "sql"),
    _n(lambda m: f"CREATE USER {m.noun()} IDENTIFIED BY '${{{m.noun()}_password}}';", "sql"),
    _n(lambda m: f'logger.info("token for %s expires at %s", {m.noun()}, expires_at)'),
    _n(lambda m: f'token_url = "https://login.{m.noun()}.corp.net/oauth2/v2.0/token"'),
    _n(lambda m: f'password_file = "/run/secrets/{m.noun()}-password"'),
    _n(lambda m: f'assert token.startswith("dapi"), "not a token of {m.noun()}"'),
    _n(lambda m: f'if "-----BEGIN PRIVATE KEY-----" in {m.noun()}_text: raise ValueError("a key")'),
    _n(lambda m: f'private_key = Path("/etc/{m.noun()}/id_rsa").read_text()'),
    _n(lambda m: f"# the password of {m.noun()} is rotated by the {m.noun()} team each month"),
    _n(lambda m: f'AUTH_TOKEN_HEADER = "X-{m.noun().title()}-Auth-Token"'),
    _n(lambda m: f'"token_type": "bearer", "scope": "{m.noun()}.read"', "json"),
    # names that open nothing
    _n(lambda m: f'w.jobs.run_now(job_id={m.number()}, idempotency_token="{m.uuid()}")'),
    _n(lambda m: f'next_page_token = "{m.url64(24)}"'),
    _n(lambda m: f'"next_page_token": "{m.b64(30)}"', "json"),
    _n(lambda m: 'tokenizer.pad_token = "[PAD]"; tokenizer.eos_token = "</s>"'),
    _n(lambda m: f'max_tokens = {m.number()}; stop_token = "<|endoftext|>"'),
    _n(lambda m: f'primary_key = "{m.noun()}_id"; sort_key = "{m.noun()}_ts"; partition_key = "{m.noun()}_date"'),
    _n(lambda m: f'dedup_key = "{m.hex(32)}"'),
    _n(lambda m: f'cache_key = "{m.noun()}:{m.hex(40)}"'),
    _n(lambda m: f'continuation_token = "{m.b64(48)}"'),
    _n(lambda m: f'public_key = "{m.b64(32)}"'),
    _n(lambda m: f'"kms_key_id": "arn:aws:kms:eu-west-1:{m.of(DIGITS, 12)}:key/{m.uuid()}"', "json"),
    _n(lambda m: f'  kms_key = "arn:aws:kms:us-east-1:{m.of(DIGITS, 12)}:key/{m.uuid()}"', "terraform"),
    # fillers
    _n(lambda m: 'password = "<your-password>"', *ANY),
    _n(lambda m: f'password = "{m.pick("changeme", "CHANGE_ME", "your_password_here", "********", "xxxxxxxx", "placeholder")}"', *ANY),
    _n(lambda m: f'api_key = "{m.pick("YOUR_API_KEY", "<API_KEY>", "insert-your-key-here", "REPLACE_ME", "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")}"'),
    _n(lambda m: 'token = "dapiXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"'),
    _n(lambda m: 'aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"'),
    _n(lambda m: 'aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"'),
    _n(lambda m: 'engine = create_engine("postgresql://user:password@localhost:5432/mydb")'),
    _n(lambda m: f"{m.noun()}_url: mysql://user:pass@localhost/{m.noun()}", "yaml"),
    _n(lambda m: f"DATABASE_URL=postgres://<user>:<password>@<host>/{m.noun()}", *SET),
    _n(lambda m: f"git clone https://github.com/corp/{m.noun()}.git && cd {m.noun()}", "shell"),
    _n(lambda m: f"curl -u $NEXUS_USER:$NEXUS_PASSWORD https://nexus.corp.net/{m.noun()}", "shell"),
    _n(lambda m: "Authorization: Bearer <access-token>", "text", "yaml"),
    _n(lambda m: "GITHUB_TOKEN=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", *SET),
    _n(lambda m: f'"api_token": "${{{m.noun().upper()}_TOKEN}}"', "json"),
    _n(lambda m: f'password: "{{{{ {m.noun()}_password }}}}"', "yaml"),
    _n(lambda m: 'jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"'),
    _n(lambda m: 'conn = "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=<account-key>;EndpointSuffix=core.windows.net"'),
    # tokens that cannot be: a wrong checksum, cut short, of another shape
    _n(lambda m: f'example = "ghp_{m.of(ALNUM, 36)}"  # made up'),
    _n(lambda m: f'sample_npm = "npm_{m.of(ALNUM, 36)}"'),
    _n(lambda m: f'{m.noun()}_ref = "dapi{m.hex(m.random.choice((8, 16, 24)))}"'),
    _n(lambda m: f'{m.noun()}_code = "AKIA{m.of(DIGITS, 8)}"'),
    _n(lambda m: f'run = "sk-{m.noun()}-{m.noun()}-{m.of(DIGITS, 4)}"'),
    _n(lambda m: f'model = "hf_{m.noun()}_{m.noun()}"'),
    # words, schemas and other things that bear the name
    _n(lambda m: f'labels = {{"password": "Passwort", "token": "Zugangscode", "{m.noun()}": "{m.noun()}"}}'),
    _n(lambda m: '"password": {"type": "string", "minLength": 12}', "json"),
    _n(lambda m: f'"api_key": "string", "{m.noun()}": "integer"', "json"),
    _n(lambda m: 'password_regex = r"^(?:[A-Z]|[a-z]|[0-9]|[!#*]){12,64}$"'),
    _n(lambda m: f"    secretKeyRef: {m.noun()}-db-credentials", "yaml"),
    _n(lambda m: f'nonce = "{m.hex(32)}"; state = "{m.url64(24)}"'),
    _n(lambda m: f'signature = "{m.b64(64)}"'),
    _n(lambda m: f'tokenizer_name = "{m.noun()}-base-uncased-v{m.of("123", 1)}"'),
    _n(lambda m: f'assert masked("{m.noun()}") == "{m.noun()[:2]}****"'),
    _n(lambda m: f'key = "{m.noun()}/{m.noun()}/2026/01/{m.of("12", 2)}/{m.uuid()}.json"'),
    # hashes, ids and data
    _n(lambda m: f'commit = "{m.hex(40)}"'),
    _n(lambda m: f'expected_sha256 = "{m.hex(64)}"'),
    _n(lambda m: f'password_hash = "{m.hex(64)}"'),
    _n(lambda m: f'password_sha1 = "{m.hex(40)}"'),
    _n(lambda m: f'{m.noun()}_md5 = "{m.hex(32)}"'),
    _n(lambda m: f"{m.noun()}=={m.of('123', 1)}.{m.of('123', 1)}.0 --hash=sha256:{m.hex(64)}", "properties", "text"),
    _n(lambda m: f'"integrity": "sha512-{m.b64(64)}"', "json"),
    _n(lambda m: f'"etag": "{m.hex(32)}"', "json"),
    _n(lambda m: f'run_id = "{m.uuid()}"'),
    _n(lambda m: f'tenant_id = "{m.uuid()}"; client_id = "{m.uuid()}"'),
    _n(lambda m: f'cluster_id = "{m.of(DIGITS, 4)}-{m.of(DIGITS, 6)}-{m.of(LOWER + DIGITS, 8)}"'),
    _n(lambda m: f'logo = "data:image/png;base64,{m.b64(400)}"'),
    _n(lambda m: f"![plot](data:image/png;base64,{m.b64(300)})", "text"),
    _n(lambda m: f"displayHTML(\"<img src='data:image/jpeg;base64,/9j/{m.b64(300)}'>\")"),
    _n(lambda m: m.pem("CERTIFICATE", 700), "text", "yaml"),
    _n(lambda m: f'cert = """{m.pem("PUBLIC KEY", 270)}"""'),
    _n(lambda m: f"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ{m.b64(240)} etl@{m.noun()}", "text", "shell"),
    _n(lambda m: f'path = "dbfs:/user/hive/warehouse/{m.noun()}.db/{m.noun()}/part-{m.of(DIGITS, 5)}-{m.uuid()}-c000.snappy.parquet"', *ANY),
    _n(lambda m: f's3 = "s3://{m.noun()}-{m.of(DIGITS, 12)}/{m.noun()}/{m.hex(32)}/{m.noun()}.csv"', *ANY),
    _n(lambda m: f'"schema_fingerprint": "{m.b64(24)}"', "json"),
    _n(lambda m: f'geohash = "{m.of(LOWER + DIGITS, 12)}"; h3_index = "8{m.hex(14)}"'),
    _n(lambda m: f'"jar": "s3://{m.noun()}/jars/{m.noun()}-assembly-{m.hex(8)}.jar"', "json"),
    _n(lambda m: f'val key = "{m.noun()}.{m.noun()}.{m.noun()}"', "scala"),
    _n(lambda m: f"INSERT INTO {m.noun()} VALUES ('{m.uuid()}', '{m.hex(24)}', '{m.number()}');", "sql"),
    _n(lambda m: "spark.hadoop.fs.s3a.aws.credentials.provider org.apache.hadoop.fs.s3a.AssumedRoleCredentialProvider", *KEYED),
    _n(lambda m: f"spark.databricks.passthrough.enabled {m.pick('true', 'false')}", *KEYED),
    _n(lambda m: f"spark.{m.noun()}.token.lifetime.seconds {m.number()}", *KEYED),
    _n(lambda m: f"{m.noun()}.password.min.length={m.of('89', 1)}", "properties"),
    _n(lambda m: f"{m.noun()}_token_ttl: {m.number()}", "yaml"),
    _n(lambda m: f"Ask the {m.noun()} team for the password of the {m.noun()} database.", "text"),
    _n(lambda m: f"| secret | where it is | {m.noun()}-vault |", "text"),
    _n(lambda m: f'  name = "{m.noun()}-api-token"', "terraform"),
    _n(lambda m: f'  description = "Token of {m.noun()} for {m.noun()}"', "terraform"),
)
"""What only looks like a secret."""
