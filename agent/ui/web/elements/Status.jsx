export default function Status() {
  return (
    <Card title="Status" note={props.details.name}>
      <StatusPanel status={props.details} />
    </Card>
  )
}
