export default function Manifests() {
  const d = props.details
  return (
    <Card title="Manifests" note={d.digest}>
      <Files files={d.files} name="manifests" />
    </Card>
  )
}
